// clients/cli/command/set_metadata.h
#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// `set-metadata`, below `clients`.
void AddSetMetadataCommand(CLI::App& clients, Program& program);

}  // namespace sluice::cli
