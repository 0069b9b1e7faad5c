#pragma once

#include <absl/time/time.h>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "edge/names/event_number.h"

namespace sluice {

// The bytes of an event, encoded once for the whole replica and never changed after.
using EncodedEvent = std::shared_ptr<const std::string>;

// What a caller wants of an event that waits for a slow stream.
struct QueueRules {
  // An event with the same key that comes later takes its place. Empty: none does.
  std::string conflation_key;
  // It is not written any more from this uptime of the clock on.
  absl::Duration expires = absl::InfiniteDuration();

  bool HasExpired(absl::Duration uptime) const { return expires <= uptime; }
};

struct FrameTraits {
  // Of the id that the event carries; sequence 0: no stream can resume from it.
  EventNumber number = {};
  std::shared_ptr<const QueueRules> rules = nullptr;  // Null: none.
  // One of the server's own events, which no policy drops.
  bool is_own = false;
  // Of the gap that tells what was dropped: the last id before it.
  std::optional<EventNumber> dropped_since = std::nullopt;
};

// One shard's handle on an encoded event. Its count is not atomic, so that taking and dropping a
// reference for a slow connection costs an increment; the shared bytes' own count moves only when
// the shard's first handle comes and its last one goes.
// Thread: one shard.
class Frame : public boost::intrusive_ref_counter<Frame, boost::thread_unsafe_counter> {
 public:
  // What a frame costs besides its bytes while it waits in an outbox: this object, the string with
  // its control block, and the outbox's entry.
  static constexpr std::size_t kOverheadBytes = 128;

  explicit Frame(EncodedEvent event, FrameTraits traits = {})
      : event_(std::move(event)), traits_(std::move(traits)) {}

  std::string_view bytes() const { return *event_; }

  const FrameTraits& traits() const { return traits_; }
  const EventNumber& number() const { return traits_.number; }

  bool HasExpired(absl::Duration uptime) const {
    return traits_.rules != nullptr && traits_.rules->HasExpired(uptime);
  }

  // What it is charged against outbox limits.
  std::size_t cost() const { return event_->size() + kOverheadBytes; }

 private:
  EncodedEvent event_;
  const FrameTraits traits_;
};

using FramePointer = boost::intrusive_ptr<const Frame>;

}  // namespace sluice
