#pragma once

#include <memory>
#include <string>
#include <utility>

#include "edge/fan_out/fan_out.h"
#include "edge/sse/event_encoder.h"
#include "edge/sse/frame.h"

namespace sluice::tests {

inline FramePointer FrameOf(std::string bytes) {
  return FramePointer(new Frame(std::make_shared<const std::string>(std::move(bytes))));
}

// An event without name and id.
inline EncodedEvent EncodedData(const std::string& data) {
  return std::make_shared<const std::string>(EncodeEvent({.data = data}));
}

// An event that carries no id, at this place in the order.
inline OrderedEvent DataEvent(const std::string& data, std::uint64_t order,
                              std::shared_ptr<const DeliveryFilter> filter = nullptr) {
  OrderedEvent event;
  event.bytes = EncodedData(data);
  event.filter = std::move(filter);
  event.order = order;
  return event;
}

inline FramePointer DataFrame(const std::string& data) {
  return FramePointer(new Frame(EncodedData(data)));
}

}  // namespace sluice::tests
