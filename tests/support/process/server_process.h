#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process/child_process.h"

namespace sluice::tests {

// The path of the `sluice` that this build made; empty when it made none.
std::string ServerProgram();

// A Sluice that runs for one test, on free ports of 127.0.0.1.
// Owner:  the test; destruction kills it.
// Thread: any thread; start it in one that lives as long as the test (ChildProcess).
class ServerProcess {
 public:
  // Starts it with `flags` and waits until it says where it listens. --http, --grpc, --admin and
  // --log-format are given by us unless `flags` has them.
  explicit ServerProcess(std::vector<std::string> flags = {},
                         std::map<std::string, std::string> environment = {});

  // False when it ended, or said nothing, before it listened; the log says why.
  bool IsListening() const { return http_port_ > 0; }

  int http_port() const { return http_port_; }
  int admin_port() const { return admin_port_; }
  int grpc_port() const { return grpc_port_; }

  // HOST:PORT.
  std::string GrpcAddress() const;

  // What it has logged, with a heading, for the text of a failure.
  std::string Log() const;

  ChildProcess& process() { return *process_; }

 private:
  std::unique_ptr<ChildProcess> process_;
  int http_port_ = 0;
  int grpc_port_ = 0;
  int admin_port_ = 0;
};

}  // namespace sluice::tests
