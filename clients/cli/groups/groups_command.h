#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// `groups list`, `groups join` and `groups leave`.
void AddGroupsCommands(CLI::App& app, Program& program);

}  // namespace sluice::cli
