#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/fan_out/fan_out.h"
#include "edge/names/event_number.h"
#include "edge/resume/replay.h"

namespace sluice {

// What one stream gets between the id that it came with and its going live, page by page: which
// gaps it is told, and where it stands. Rules "doubles", "trimmed", "gap-first", "above-last" and
// "splice-position" of the design.
// Thread: the cluster thread.
class StreamReplay {
 public:
  // What a page is made of.
  struct Part {
    // Above the stream's position, in order.
    std::vector<OrderedEvent> events;
    // What may be missing of its channels ends here; 0: nothing is.
    std::uint64_t gap_to = 0;
    // All events up to here are there, and this is the cluster's present epoch.
    EventNumber complete_to;
    // Behind this part the stream is live.
    bool is_last = false;
  };

  // A stream that came without an id, or whose id says nothing: it joins where the last part ends.
  // `unknown_id`: what it came with.
  explicit StreamReplay(std::optional<std::string> unknown_id);

  // A stream that resumes from the position; `id` is what it came with.
  StreamReplay(std::string id, const EventNumber& position);

  // A stream that asked for all that is kept.
  static StreamReplay FromEarliest();

  // A live stream that is held at the position, and has been told `sluice.open` before.
  static StreamReplay OfHeld(const EventNumber& position);

  // None: it joins where the last part ends.
  const std::optional<EventNumber>& position() const { return position_; }

  // At most about `bytes_max` of events, one at least if there are any; the page is then not the
  // last, and the stream comes again from its new position.
  ReplayPage NextPage(Part part, std::size_t bytes_max);

 private:
  void AddGap(ReplayPage& page, std::string_view reason, const std::string& from,
              const EventNumber& to, bool carries_id);
  // The page is the last: the stream is live from where it stands, and is told so [rule
  // "splice-position"].
  void Finish(ReplayPage& page);
  void MoveTo(const EventNumber& position) { position_ = position; }

  std::optional<std::string> unknown_id_;
  std::string id_;  // Of the open event; empty: none.
  bool is_earliest_ = false;
  bool has_opened_ = false;
  std::optional<EventNumber> position_;
  EventNumber last_id_;  // The last id that was written, as a number.
};

}  // namespace sluice
