#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/fan_out/fan_out.h"
#include "edge/names/event_number.h"
#include "edge/sse/frame.h"

namespace sluice {

// `sluice.open` as the control plane decides it.
struct Opening {
  // Its `id:`; none when the stream's position is not known yet.
  std::optional<std::string> id;
  // Everything since the last id that the stream came with follows.
  bool is_resumed = false;
};

// Something that a stream is written before it is live.
struct ReplayItem {
  EncodedEvent bytes;
  std::shared_ptr<const DeliveryFilter> filter;  // Null: none.
  EventNumber number;                            // Of the id that it carries; sequence 0: none.
  bool is_own = false;  // One of the server's own events, which count as no delivery.
  std::shared_ptr<const QueueRules> rules = nullptr;  // Null: none.
};

// A part of what a stream gets before it is live, in order.
struct ReplayPage {
  std::optional<Opening> opening;  // With the first page.
  std::vector<ReplayItem> items;
  // The last page: the stream is live behind it, and gets the events with a greater order.
  struct Live {
    EventNumber position;
    std::uint64_t order = 0;
  };
  std::optional<Live> live;
  // Of the gaps that are told in it.
  std::vector<std::string> gap_reasons;
};

}  // namespace sluice
