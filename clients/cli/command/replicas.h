// clients/cli/command/replicas.h
#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// replicas list
void AddReplicasCommands(CLI::App& app, Program& program);

}  // namespace sluice::cli
