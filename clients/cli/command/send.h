// clients/cli/command/send.h
#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// `send client`, `send group` and `broadcast`: one event each, answered by its delivery.
void AddSendCommands(CLI::App& app, Program& program);

}  // namespace sluice::cli
