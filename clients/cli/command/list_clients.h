// clients/cli/command/list_clients.h
#pragma once

#include <CLI/CLI.hpp>

#include "clients/cli/program.h"

namespace sluice::cli {

// `list`, below `clients`. It follows the pages until the list or the limit ends.
void AddListClientsCommand(CLI::App& clients, Program& program);

}  // namespace sluice::cli
