#pragma once

#include <CLI/CLI.hpp>
#include <sluice/v1/watch_clients.pb.h>

#include "clients/cli/program.h"

namespace sluice::cli {

// Writes what WatchClients tells, an event a line, until the server or the user ends it.
ExitCode WatchClients(Program& program, const v1::WatchClientsRequest& request);

// `watch`, below `clients`.
void AddWatchClientsCommand(CLI::App& clients, Program& program);

}  // namespace sluice::cli
