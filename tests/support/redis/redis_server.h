#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/process/child_process.h"

namespace sluice::tests {

// A real redis-server that runs for one test, on a free port of 127.0.0.1, with a folder of its
// own. Owner:  the test; destruction kills it. Thread: any; start it in a thread that lives as long
// as the test (ChildProcess).
class RedisServer {
 public:
  // Starts it with `flags` (such as "--maxmemory", "1mb") and waits until it answers.
  explicit RedisServer(std::vector<std::string> flags = {});
  ~RedisServer();

  int port() const { return port_; }
  std::string Url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

  // Ends it at once, as a crash does.
  void Kill();
  // Starts it again on the same port, with more flags; what it had saved is there, which is nothing
  // by default.
  void Start(const std::vector<std::string>& more_flags = {});
  // It keeps its connections and does nothing until Resume.
  void Pause();
  void Resume();

  // Sends a command and returns its reply as text; integers in digits, an array's elements on a
  // line each. Errors: UNKNOWN with what Redis says; UNAVAILABLE.
  absl::StatusOr<std::string> Command(const std::vector<std::string>& arguments) const;

 private:
  bool IsAnswering() const;

  const int port_;
  const std::string folder_;
  const std::vector<std::string> flags_;
  std::unique_ptr<ChildProcess> process_;
};

// A port of 127.0.0.1 that nothing listens on.
int FreePort();

}  // namespace sluice::tests
