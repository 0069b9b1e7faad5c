#pragma once

#include <absl/time/time.h>
#include <absl/types/span.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/counts/edge_counts.h"
#include "edge/fan_out/fan_out.h"
#include "edge/session/session.h"

namespace sluice {

// Consecutive events for the same audience and filter, laid out so that one send a connection
// carries them all: a plain send costs about 4 µs whether it carries one event or ten.
// Thread: the shard.
// Limits: kFramesMax events or kBytesMax bytes, whichever comes first; a single event always fits.
class Block {
 public:
  static constexpr std::size_t kFramesMax = 64;
  static constexpr std::size_t kBytesMax = 32 * 1024;

  // `filter` may be null and must outlive the block.
  Block(Audience& audience, std::shared_ptr<const DeliveryFilter> filter);

  Audience& audience() const { return audience_; }

  // True if an event with this audience and filter may be added.
  bool Takes(const Audience& audience, const DeliveryFilter* filter, std::size_t bytes) const;

  // `number` grows with each event of the shard. Not while Deliver calls to some of the audience
  // are still to come from a walk that has begun.
  // `received`: OrderedEvent's.
  void Add(std::uint64_t number, FramePointer frame, std::shared_ptr<FanOutReceipt> receipt,
           absl::Duration received = absl::ZeroDuration());

  // Moves the events of a later block into this one. False, and nothing is moved, if it does not
  // take them all.
  bool Absorb(Block& later);

  // True if the session needs nothing of this block any more.
  bool IsServed(const Session& session) const { return session.served() >= parts_.back().number; }

  // Delivers to the session what it has not been served yet, if the filter holds for it. It must be
  // a member of the audience.
  void Deliver(Session& session);

  // Hands out the results and adds them to `counts`. The block is done at this uptime.
  void Acknowledge(EdgeCounts& counts, absl::Duration uptime);

 private:
  struct Part {
    std::shared_ptr<FanOutReceipt> receipt;
    std::uint64_t number;
    std::size_t offset;  // Where the event begins in the block's bytes.
    absl::Duration received;
    FanOutResult result;
  };

  std::size_t size_bytes() const;
  void KeepEntered();
  void DeliverUnexpired(Session& session, std::size_t first);

  Audience& audience_;
  std::shared_ptr<const DeliveryFilter> filter_;
  std::vector<FramePointer> frames_;
  std::vector<Part> parts_;
  std::string bytes_;                // Empty while there is one event only, whose own bytes do.
  std::uint64_t last_id_order_ = 0;  // Of the last event that carries an id; 0: none does.
  absl::Duration expires_ = absl::InfiniteDuration();  // When the first event does.
  std::int64_t entered_by_all_ = 0;                    // Sessions that took the whole block.
};

}  // namespace sluice
