#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "edge/names/event_number.h"

namespace sluice {

// The bytes of an event, encoded once for the whole replica and never changed after.
using EncodedEvent = std::shared_ptr<const std::string>;

// One shard's handle on an encoded event. Its count is not atomic, so that taking and dropping a
// reference for a slow connection costs an increment; the shared bytes' own count moves only when
// the shard's first handle comes and its last one goes.
// Thread: one shard.
class Frame : public boost::intrusive_ref_counter<Frame, boost::thread_unsafe_counter> {
 public:
  // What a frame costs besides its bytes while it waits in an outbox: this object, the string with
  // its control block, and the outbox's entry.
  static constexpr std::size_t kOverheadBytes = 128;

  // `number`: of the id that the event carries, if a stream can resume from it.
  explicit Frame(EncodedEvent event, const EventNumber& number = {})
      : event_(std::move(event)), number_(number) {}

  std::string_view bytes() const { return *event_; }

  // Sequence 0: no stream can resume from this event.
  const EventNumber& number() const { return number_; }

  // What it is charged against outbox limits.
  std::size_t cost() const { return event_->size() + kOverheadBytes; }

 private:
  EncodedEvent event_;
  EventNumber number_;
};

using FramePointer = boost::intrusive_ptr<const Frame>;

}  // namespace sluice
