#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "tests/support/process/child_process.h"

namespace sluice::bench {

// nginx with the nchan module, as a peer to measure against: one worker, messages in memory,
// subscribers by EventSource at /events, publishers by POST to /publish.
class NchanServer {
 public:
  // Where nginx finds the module; Debian's libnginx-mod-nchan.
  static bool IsInstalled();

  NchanServer();
  ~NchanServer();

  int port() const { return port_; }
  // The worker, which does all the work.
  pid_t pid() const { return worker_pid_; }

  // Publishes `events` events one after the other over one connection.
  void Broadcast(int events, int data_bytes);

 private:
  std::string folder_;
  int port_ = 0;
  pid_t worker_pid_ = -1;
  std::unique_ptr<tests::ChildProcess> nginx_;
};

}  // namespace sluice::bench
