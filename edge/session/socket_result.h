#pragma once

#include <cstddef>

namespace sluice {

// What the kernel made of a non-blocking send or receive.
struct SocketResult {
  enum class Outcome { kDone, kWouldBlock, kBroken };
  Outcome outcome;
  std::size_t bytes;  // Transferred; less than asked for in kDone is possible.
};

}  // namespace sluice
