#pragma once

#include "tests/bench/measure/worker.h"

namespace sluice::bench {

// Where an event's data says when it was published: `@` and 19 digits of nanoseconds
// (CLOCK_MONOTONIC).
inline constexpr char kTimestampMark[] = "data: @";
inline constexpr std::size_t kTimestampDigits = 19;

// A worker that holds many event streams and measures what arrives. Commands:
//   connect SET PORT COUNT SOURCE MARK   opens COUNT streams from address SOURCE; answers when MARK
//                                   has come on all of them
//   reset SET                       forgets what was counted
//   await SET EVENTS TIMEOUT_MS     answers when EVENTS events have come on each stream, or at the
//                                   time-out: `TOTAL FEWEST MOST HISTOGRAM`
Worker StartReceiver();

}  // namespace sluice::bench
