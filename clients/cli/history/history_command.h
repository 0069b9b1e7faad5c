#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// Adds `history`: what is kept for streams that come back.
void AddHistoryCommand(CLI::App& app, Program& program);

}  // namespace sluice::cli
