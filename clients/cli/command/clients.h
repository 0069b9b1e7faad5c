// clients/cli/command/clients.h
#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// `clients list`, `clients get` and `clients set-metadata`.
void AddClientsCommands(CLI::App& app, Program& program);

}  // namespace sluice::cli
