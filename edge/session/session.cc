#include "edge/session/session.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

using Outcome = SocketResult::Outcome;
using boost::asio::ip::tcp;

// How long a stream that we have ended may take to close its side.
constexpr absl::Duration kFinishTimeout = absl::Seconds(2);
constexpr std::size_t kExcessBytesMax = 16 * 1024;
constexpr int kPartsMax = 64;

}  // namespace

Session::Session(ConnectionId id, SessionIdentity identity, StreamSocket socket,
                 const SessionSettings& settings, TimerWheel& wheel, OutboxBudget& budget,
                 SessionOwner& owner)
    : socket_(std::move(socket)),
      wheel_(wheel),
      settings_(settings),
      budget_(budget),
      owner_(owner),
      id_(id),
      identity_(std::move(identity)) {}

Session::~Session() {
  budget_.Subtract(queued_cost());
}

void Session::Start(FramePointer head) {
  last_write_ = wheel_.now();
  WaitReadable();
  Tell(std::move(head));
  if (state_ == State::kJoining) ScheduleNext();
}

void Session::GoLive() {
  SLUICE_DCHECK(state_ == State::kJoining);
  state_ = State::kLive;
}

void Session::Rejoin() {
  SLUICE_DCHECK(state_ == State::kLive);
  state_ = State::kJoining;
}

Session::Delivered Session::Deliver(std::string_view bytes, absl::Span<const FramePointer> frames) {
  if (state_ != State::kLive) return {0, 0};
  const Delivered delivered = Write(bytes, frames);
  delivered_count_ += delivered.entered;
  return delivered;
}

void Session::Replay(std::string_view bytes, absl::Span<const FramePointer> frames,
                     std::size_t own) {
  if (state_ != State::kJoining || frames.empty()) return;
  const Delivered delivered = Write(bytes, frames);
  if (delivered.entered == frames.size()) delivered_count_ += frames.size() - own;
}

void Session::Tell(FramePointer frame) {
  if (state_ != State::kJoining && state_ != State::kLive) return;
  Write(frame->bytes(), absl::MakeConstSpan(&frame, 1));
}

Session::Delivered Session::Write(std::string_view bytes, absl::Span<const FramePointer> frames) {
  std::size_t written = 0;
  if (outbox_ == nullptr) {
    const SocketResult result = socket_.Send(bytes);
    if (result.outcome == Outcome::kBroken) {
      Close(EndReason::kClientGone);
      return {0, 0};
    }
    last_write_ = wheel_.now();
    if (result.bytes == bytes.size()) {
      for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
        if ((*frame)->number().sequence == 0) continue;
        position_ = (*frame)->number();
        break;
      }
      if (socket_.has_unsent()) WaitWritable();
      return {frames.size(), 0};
    }
    written = result.bytes;
  }
  return Enqueue(frames, written);
}

Session::Delivered Session::Enqueue(absl::Span<const FramePointer> frames, std::size_t written) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const FramePointer& frame = frames[i];
    if (written >= frame->bytes().size()) {
      written -= frame->bytes().size();
      if (frame->number().sequence != 0) position_ = frame->number();
      continue;
    }
    // A frame that has been begun is taken whatever it costs: half an event breaks the stream.
    // What is replayed is bounded by whoever sends it.
    if (written == 0 && state_ != State::kJoining && !MakeRoom(*frame)) {
      const Delivered delivered = {i, frames.size() - i};
      if (settings_.slow_consumer == SlowConsumer::kDisconnect) {
        const FramePointer farewell(new Frame(
            std::make_shared<const std::string>(EncodeEnd(EndReason::kSlow)), {.is_own = true}));
        End(EndReason::kSlow, farewell, /*keeps_queue=*/false);
        return delivered;
      }
      ChangeOutbox([&](Outbox& outbox) {
        for (const FramePointer& refused : frames.subspan(i)) outbox.Refuse(*refused);
      });
      WaitWritable();
      return delivered;
    }
    PushFrame(frame, written);
    written = 0;
  }
  WaitWritable();
  return {frames.size(), 0};
}

bool Session::MakeRoom(const Frame& frame) {
  const std::size_t cost_max = settings_.outbox_bytes_max;
  const auto fits = [&] { return queued_cost() + frame.cost() <= cost_max; };
  if (fits()) return true;
  if (outbox_ != nullptr) {
    ChangeOutbox([this](Outbox& outbox) { outbox.DropExpired(owner_.Uptime()); });
    if (fits()) return true;
  }
  if (settings_.slow_consumer == SlowConsumer::kDisconnect) return false;
  if (frame.traits().is_own) return true;
  const bool can_fit = outbox_ != nullptr && frame.cost() <= cost_max;
  if (settings_.slow_consumer == SlowConsumer::kDropNewest || !can_fit) return false;
  ChangeOutbox([&](Outbox& outbox) { outbox.DropOldest(cost_max - frame.cost()); });
  return fits();
}

template <typename Change>
void Session::ChangeOutbox(Change change) {
  Outbox& outbox = MakeOutbox();
  const std::size_t cost_before = outbox.cost();
  change(outbox);
  budget_.Add(outbox.cost() - cost_before);  // Modulo 2^64, so that it may get smaller.
}

Outbox& Session::MakeOutbox() {
  if (outbox_ != nullptr) return *outbox_;
  outbox_ = std::make_unique<Outbox>(position_, settings_.outbox_counts);
  last_progress_ = wheel_.now();
  const TimerWheel::Tick write_deadline = wheel_.After(settings_.write_timeout);
  if (!is_scheduled() || deadline() > write_deadline) wheel_.Schedule(*this, write_deadline);
  return *outbox_;
}

void Session::PushFrame(FramePointer frame, std::size_t written) {
  ChangeOutbox([&](Outbox& outbox) { outbox.Push(std::move(frame), written); });
}

void Session::Flush() {
  const SocketResult flushed = socket_.Flush();
  if (flushed.outcome == Outcome::kBroken) return Close(EndReason::kClientGone);
  if (outbox_ != nullptr) {
    ChangeOutbox([this](Outbox& outbox) { outbox.DropExpired(owner_.Uptime()); });
  }
  while (outbox_ != nullptr) {
    if (outbox_->empty()) {
      OnOutboxEmpty();
      continue;
    }
    iovec parts[kPartsMax];
    const int part_count = outbox_->Gather(parts, kPartsMax);
    const SocketResult result = socket_.SendParts(parts, part_count);
    if (result.outcome == Outcome::kBroken) return Close(EndReason::kClientGone);
    if (result.outcome == Outcome::kWouldBlock) return WaitWritable();
    ChangeOutbox([&](Outbox& outbox) { outbox.Consume(result.bytes); });
    last_write_ = last_progress_ = wheel_.now();
  }
  if (socket_.has_unsent()) return WaitWritable();
  if (state_ == State::kEnding) Finish();
}

void Session::OnOutboxEmpty() {
  position_ = outbox_->position();
  outbox_.reset();
  // The deadline may be that of a write, which can be much later than the next heartbeat.
  if (state_ == State::kJoining || state_ == State::kLive) ScheduleNext();
  if (state_ == State::kJoining) owner_.OnSessionDrained(*this);
}

void Session::End(EndReason reason, FramePointer farewell, bool keeps_queue) {
  if (state_ != State::kJoining && state_ != State::kLive) return;
  state_ = State::kEnding;
  end_reason_ = reason;
  owner_.OnSessionEnded(*this, reason);
  if (outbox_ != nullptr && !keeps_queue) {
    ChangeOutbox([](Outbox& outbox) { outbox.DropUnbegun(); });
  }
  PushFrame(std::move(farewell), 0);
  Flush();
  if (state_ == State::kEnding) wheel_.Schedule(*this, wheel_.After(settings_.write_timeout));
}

void Session::Finish() {
  state_ = State::kFinishing;
  socket_.ShutdownSend();
  // The browser closes its side when it has read to the end; the pending read sees that. Closing
  // before would answer late bytes with a reset, which can overtake our last event.
  wheel_.Schedule(*this, wheel_.After(kFinishTimeout));
}

void Session::Close(EndReason reason) {
  if (state_ == State::kClosed) return;
  const bool had_ended = state_ == State::kEnding || state_ == State::kFinishing;
  state_ = State::kClosed;
  Unlink();
  socket_.Close();
  budget_.Subtract(queued_cost());
  outbox_.reset();
  if (!had_ended) owner_.OnSessionEnded(*this, reason);
  if (operations_pending_ == 0) owner_.OnSessionReleased(*this);
}

void Session::OnDeadline() {
  if (state_ == State::kEnding || state_ == State::kFinishing) return Close(end_reason_);
  if (wheel_.now() >= expiry_) return owner_.OnSessionExpired(*this);
  const auto is_past = [this](TimerWheel::Tick since, absl::Duration limit) {
    return wheel_.now() >= since + (wheel_.After(limit) - wheel_.now());
  };
  if (outbox_ != nullptr) {
    if (is_past(last_progress_, settings_.write_timeout)) return Close(EndReason::kSlow);
  } else {
    if (state_ == State::kLive && is_past(last_id_, settings_.heartbeat)) {
      last_id_ = wheel_.now();
      owner_.TellPosition(*this);
    }
    if (outbox_ == nullptr && is_past(last_write_, settings_.heartbeat)) {
      Tell(settings_.heartbeat_frame);
    }
    if (state_ != State::kJoining && state_ != State::kLive) return;
  }
  ScheduleNext();
}

void Session::ScheduleNext() {
  // Writes do not move the deadline, which would cost each delivery; it is looked at when it comes.
  const TimerWheel::Tick quiet_since =
      state_ == State::kLive ? std::min(last_write_, last_id_) : last_write_;
  const TimerWheel::Tick since = outbox_ != nullptr ? last_progress_ : quiet_since;
  const absl::Duration limit = outbox_ != nullptr ? settings_.write_timeout : settings_.heartbeat;
  wheel_.Schedule(*this, std::min(since + (wheel_.After(limit) - wheel_.now()), expiry_));
}

void Session::WaitReadable() {
  ++operations_pending_;
  socket_.tcp().async_wait(tcp::socket::wait_read, [this](const boost::system::error_code& error) {
    if (!error && state_ != State::kClosed) OnReadable();
    OnOperationDone();
  });
}

void Session::OnReadable() {
  const SocketResult result = socket_.ReceiveAndDiscard();
  const bool has_closed = result.outcome == Outcome::kDone && result.bytes == 0;
  if (result.outcome == Outcome::kBroken || has_closed) return Close(EndReason::kClientGone);
  if (excess_bytes_ + result.bytes > kExcessBytesMax) return Close(EndReason::kClientGone);
  excess_bytes_ = static_cast<std::uint16_t>(excess_bytes_ + result.bytes);
  WaitReadable();
}

void Session::WaitWritable() {
  if (is_waiting_writable_ || state_ == State::kClosed) return;
  is_waiting_writable_ = true;
  ++operations_pending_;
  socket_.tcp().async_wait(tcp::socket::wait_write, [this](const boost::system::error_code& error) {
    is_waiting_writable_ = false;
    if (!error && state_ != State::kClosed) Flush();
    OnOperationDone();
  });
}

void Session::OnOperationDone() {
  --operations_pending_;
  if (state_ == State::kClosed && operations_pending_ == 0) owner_.OnSessionReleased(*this);
}

}  // namespace sluice
