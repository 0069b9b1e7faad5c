#pragma once

#include <absl/time/time.h>
#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/watched.h"

namespace sluice::tests {

struct ProcessOptions {
  std::string program;                             // A path, or a name that PATH knows.
  std::vector<std::string> arguments;              // Without the program itself.
  std::map<std::string, std::string> environment;  // Added to ours; SLUICE_* of ours is left out.
  std::string input;                               // What it reads on standard input.
  std::string folder;                              // Where it runs; empty: where we do.
};

struct ExitStatus {
  int code = 0;    // When it exited.
  int signal = 0;  // When a signal ended it; 0 when it exited.

  bool operator==(const ExitStatus&) const = default;
  friend std::ostream& operator<<(std::ostream& stream, const ExitStatus& status) {
    return stream << "code " << status.code << ", signal " << status.signal;
  }
};

// A program that runs beside the test, with what it prints.
// Owner:  the test; destruction kills it and waits. It also dies with the thread that started it,
// so
//         start it in a thread that lives as long as the test.
// Thread: any thread.
// Errors: a program that can't be started exits with 127 and says why on standard error.
class ChildProcess {
 public:
  enum class Output { kStandard, kError };

  explicit ChildProcess(ProcessOptions options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The first whole line, printed before or from now on, that holds `part`. Nothing when it has not
  // come after `timeout`, or when the program has closed that output without it.
  std::optional<std::string> WaitForLine(Output output, const std::string& part,
                                         absl::Duration timeout = kPatience) const;

  // How it ended; nothing when it still runs after `timeout`. Both outputs are complete then.
  std::optional<ExitStatus> Wait(absl::Duration timeout = kPatience) const;

  // All that it has printed so far.
  std::string Printed(Output output) const;

  // Sends a signal, if it still runs.
  // After SIGSTOP it does nothing any more once this returns.
  void Signal(int signal_number);

  pid_t pid() const { return pid_; }

 private:
  struct State {
    std::string printed[2];
    bool output_ended[2] = {false, false};
    bool reaped = false;
    ExitStatus status;
  };

  void ReadOutput(int fd, Output output);
  void AwaitEnd();

  pid_t pid_ = -1;
  Watched<State> state_;
  std::vector<std::thread> threads_;
};

// Runs a program to its end. Its status is that of a killed one when it has not ended after
// `timeout`.
struct Finished {
  ExitStatus status;
  std::string standard_output;
  std::string standard_error;
};
Finished RunToEnd(ProcessOptions options, absl::Duration timeout = kPatience);

}  // namespace sluice::tests
