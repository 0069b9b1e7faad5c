// clients/cli/tail/tail_command.h
#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// `tail`: follows an event stream as a browser does.
void AddTailCommand(CLI::App& app, Program& program);

}  // namespace sluice::cli
