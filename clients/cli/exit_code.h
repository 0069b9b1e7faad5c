// clients/cli/exit_code.h
#pragma once

namespace sluice::cli {

// What the process answers to the shell that ran it. Scripts rely on the numbers.
enum class ExitCode : int {
  kDone = 0,
  kRefused = 1,      // The server refused, an entry of several failed, or the output went away.
  kWrongUsage = 2,   // The command line, or a file that it names, is wrong.
  kUnreachable = 3,  // No answer from the server: not there, connection lost, deadline passed.
  kInterrupted = 130,
  kTerminated = 143,
};

}  // namespace sluice::cli
