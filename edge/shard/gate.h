#pragma once

#include <absl/random/random.h>
#include <absl/time/time.h>

#include <memory>
#include <optional>

#include "edge/counts/edge_counts.h"
#include "edge/http/handshake.h"
#include "edge/shard/shard_context.h"

namespace sluice {

// Whether a stream that the door lets in finds room, and what one gets that does not.
// Owner:  the shard.
// Thread: the shard.
class Gate {
 public:
  Gate(int shard_index, const ShardContext& context, EdgeCounts& counts)
      : shard_index_(shard_index), context_(context), counts_(counts) {}

  // From now on new streams are told to come back, to another replica.
  void BeginDrain() { is_draining_ = true; }

  // None: the stream is let in, and takes `places`, which stays null where nothing is limited.
  std::optional<HandshakeOwner::Refusal> Refuse(const StreamRequest& request,
                                                const boost::asio::ip::address& sender,
                                                std::unique_ptr<StreamPlaces>& places);

  // What a stream gets that is turned away for this reason.
  HandshakeOwner::Refusal RefuseWith(EndReason reason);

  absl::Duration JitteredReconnectionTime();

 private:
  HandshakeOwner::Refusal RefuseFor(RefusedFor why, EndReason reason);

  const int shard_index_;
  const ShardContext& context_;
  EdgeCounts& counts_;
  bool is_draining_ = false;
  absl::InsecureBitGen random_;
};

}  // namespace sluice
