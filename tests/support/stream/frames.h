#pragma once

#include <memory>
#include <string>
#include <utility>

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

inline FramePointer DataFrame(const std::string& data) {
  return FramePointer(new Frame(EncodedData(data)));
}

}  // namespace sluice::tests
