// clients/cli/check/check_command.h
#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// `check`: sends an event through Sluice to itself, and says in one line whether it came.
void AddCheckCommand(CLI::App& app, Program& program);

}  // namespace sluice::cli
