// clients/cli/run.h
#pragma once

#include "clients/cli/exit_code.h"
#include "clients/cli/output/terminal.h"

namespace sluice::cli {

// All of sluicectl: understands the command line and the environment, does what they say, and
// writes to the terminal.
ExitCode Run(int argument_count, const char* const* arguments, Terminal& terminal);

}  // namespace sluice::cli
