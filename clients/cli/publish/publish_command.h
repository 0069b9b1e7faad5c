// clients/cli/publish/publish_command.h
#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// `publish`: many events over one call.
void AddPublishCommand(CLI::App& app, Program& program);

}  // namespace sluice::cli
