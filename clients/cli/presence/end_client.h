#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// `clients delete`.
void AddDeleteClientCommand(CLI::App& clients, Program& program);

}  // namespace sluice::cli
