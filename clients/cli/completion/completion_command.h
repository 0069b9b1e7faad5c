#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// `completion bash|zsh|fish`, which prints the script that a shell loads, and the hidden command
// that these scripts ask for candidates. To be added last: it completes what `app` holds.
void AddCompletionCommands(CLI::App& app, Program& program);

}  // namespace sluice::cli
