// clients/cli/program.h
#pragma once

#include <functional>

#include "clients/cli/exit_code.h"
#include "clients/cli/output/format.h"
#include "clients/cli/output/terminal.h"
#include "clients/cli/rpc/server.h"

namespace sluice::cli {

// One run of sluicectl: what it was told for every command, and what it will do. A command sets
// `action` when the command line names it; it runs once all of the line has been understood.
// Owner:  Run.
// Thread: one thread.
struct Program {
  Terminal& terminal;
  ServerOptions server;
  OutputFormat format = OutputFormat::kTable;
  bool uses_server = true;  // Whether the action calls Sluice, and a context may name which.
  std::function<ExitCode()> action;
};

}  // namespace sluice::cli
