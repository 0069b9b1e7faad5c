#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/status.h>

#include <functional>
#include <string>

#include "control/backplane/backplane.h"
#include "edge/http/blocked_clients.h"

namespace sluice {

// Keeps this replica's blocked clients as the backplane has them: reads all when it begins to hear
// the others, and takes what they tell from then on.
// Owner:  the cluster.
// Thread: the cluster thread.
class ClientBlocks {
 public:
  // `end` ends the streams that a client has here.
  ClientBlocks(Backplane& backplane, BlockedClients& blocked,
               std::function<void(const std::string& client_id)> end)
      : backplane_(backplane), blocked_(blocked), end_(std::move(end)) {}

  // Errors: UNAVAILABLE; it is read again by ReadIfMissing then.
  void Read(absl::AnyInvocable<void(absl::Status)> done);
  void ReadIfMissing();
  void ReadAgain();

  // Blocks may have been missed.
  void OnInterrupted() { is_read_ = false; }

  void Block(const std::string& client_id, absl::Duration left) { blocked_.Block(client_id, left); }

 private:
  Backplane& backplane_;
  BlockedClients& blocked_;
  const std::function<void(const std::string&)> end_;
  bool is_read_ = false;
  bool is_reading_ = false;
  bool is_stale_ = false;  // What is being read must be read again.
};

}  // namespace sluice
