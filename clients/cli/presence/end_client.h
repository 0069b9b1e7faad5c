#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// `clients disconnect` and `clients delete`.
void AddEndClientCommands(CLI::App& clients, Program& program);

}  // namespace sluice::cli
