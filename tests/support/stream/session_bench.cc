#include "tests/support/stream/session_bench.h"

#include <chrono>
#include <utility>

#include "edge/base/check.h"
#include "tests/support/watched.h"

namespace sluice::tests {
namespace {

// The kernel doubles it and has a minimum of its own; a few frames of some KiB fill it.
constexpr int kBufferBytes = 4096;

}  // namespace

SessionBench::SessionBench() : SessionBench(Options()) {}

SessionBench::SessionBench(const Options& options)
    : settings_{options.outbox_bytes_max, options.slow_consumer, options.write_timeout,
                options.heartbeat, FrameOf(std::string(kHeartbeatComment))},
      pair_(ConnectedPair(io_context_, kBufferBytes)) {
  SetStreamOptions(pair_.near);
  SessionIdentity identity;
  identity.client_id = "ada";
  session_ = std::make_unique<Session>(ConnectionId::Make(0), std::move(identity),
                                       std::move(pair_.near), settings_, wheel_, budget_, *this);
}

SessionBench::~SessionBench() = default;

Session::Delivered SessionBench::Deliver(const FramePointer& frame) {
  return session_->Deliver(frame->bytes(), absl::MakeConstSpan(&frame, 1));
}

int SessionBench::DeliverUntilQueued(const FramePointer& frame) {
  int count = 0;
  while (session_->queued_cost() == 0) {
    Deliver(frame);
    ++count;
  }
  return count;
}

void SessionBench::Turn() {
  io_context_.restart();
  io_context_.poll();
  if (was_released_) session_.reset();
}

bool SessionBench::TurnUntil(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(kPatience);
  while (true) {
    Turn();
    if (holds()) return true;
    if (std::chrono::steady_clock::now() > deadline) return false;
    io_context_.restart();
    io_context_.run_one_for(std::chrono::milliseconds(10));
  }
}

bool SessionBench::ReadUntil(const std::function<bool()>& holds) {
  return TurnUntil([this, &holds] {
    ReadPeer();
    return holds();
  });
}

bool SessionBench::ReadToEnd() {
  return ReadUntil([this] { return at_end_; });
}

void SessionBench::Pass(absl::Duration time) {
  const TimerWheel::Tick until = wheel_.After(time);
  while (wheel_.now() < until) {
    uptime_ += TimerWheel::kTickLength;
    SLUICE_CHECK(wheel_.Advance(wheel_.now() + 1, 1000));
  }
}

void SessionBench::ReadPeer() {
  if (!pair_.far.open()) return;
  const std::string bytes = ReadAvailable(pair_.far, at_end_);
  received_ += bytes;
  for (ReceivedEvent& event : parser_.Feed(bytes)) events_.push_back(std::move(event));
}

void SessionBench::OnSessionEnded(Session&, EndReason reason) {
  ends_.push_back(reason);
}

void SessionBench::OnSessionExpired(Session& session) {
  session.End(EndReason::kTokenExpired, FrameOf(EncodeEnd(EndReason::kTokenExpired)),
              /*keeps_queue=*/true);
}

void SessionBench::OnSessionReleased(Session&) {
  SLUICE_CHECK(!was_released_);
  was_released_ = true;
}

}  // namespace sluice::tests
