#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/support/process/user_memory.h"

namespace sluice::bench {

// A child process that answers commands, one line each way. Forked before any thread exists.
// Owner: the bench; a worker ends when its owner does.
class Worker {
 public:
  // In the child, each command is split at spaces and given to `handle`, whose return value is the
  // answer.
  using Handle = std::function<std::string(const std::vector<std::string>&)>;
  explicit Worker(const std::function<Handle()>& make_handle);
  ~Worker();
  Worker(Worker&& other) noexcept;
  Worker& operator=(Worker&&) = delete;

  void Send(const std::string& command);
  // The answer to the oldest unanswered command. Ends the bench when the worker has died.
  std::string Receive();
  std::string Ask(const std::string& command);

  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int fd_ = -1;
  std::string received_;
};

// Nanoseconds of CPU that all threads of a process have used (/proc, schedstat).
std::int64_t CpuNanoseconds(pid_t pid);

using tests::UserMemoryBytes;

// CLOCK_MONOTONIC, which all processes of the machine share.
std::int64_t NowNanoseconds();

// Says why and ends the bench.
[[noreturn]] void Die(const std::string& why);

// A bench needs as many files as it may have.
void RaiseFileLimit();

}  // namespace sluice::bench
