#include "control/publish/publisher.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "control/backplane/channel.h"
#include "control/publish/envelope.h"
#include "control/request/error_reason.h"
#include "edge/log/log.h"

namespace sluice {
namespace {

// How often deadlines are looked at while something waits.
constexpr auto kDeadlineTick = std::chrono::milliseconds(25);

// What an event on its way costs besides its bytes.
constexpr std::size_t kEventOverheadBytes = 512;

absl::Status NotSent(std::string_view why) {
  return WithReason(absl::UnavailableError(absl::string_view(why.data(), why.size())), "NOT_SENT");
}

}  // namespace

Publisher::Publisher(boost::asio::io_context& io_context, const Clock& clock, Backplane& backplane,
                     Edge& edge, const Interest& interest, Post post)
    : deadline_timer_(io_context),
      clock_(clock),
      backplane_(backplane),
      edge_(edge),
      interest_(interest),
      post_(std::move(post)) {}

void Publisher::Publish(PublishCommand command, PublishDone done) {
  if (waiting_.empty() && in_flight_bytes_ < kInFlightBytes) {
    return Send(std::move(command), std::move(done));
  }
  if (waiting_bytes_ >= kWaitingBytes) {
    return done(WithReason(
        absl::ResourceExhaustedError("streams are behind and too many publishes wait; slow down"),
        "PUBLISH_BACKLOG"));
  }
  waiting_bytes_ += command.payload.size() + kEventOverheadBytes;
  waiting_.push_back({std::move(command), std::move(done)});
  has_waiting_ = true;
  // What was on its way may have arrived before shards could see that something waits.
  SendWaiting();
}

void Publisher::SendWaiting() {
  while (!waiting_.empty() && in_flight_bytes_ < kInFlightBytes) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next.command.payload.size() + kEventOverheadBytes;
    if (clock_.Now() >= next.command.deadline) {
      next.done(NotSent("the deadline came before the event could be sent; streams are behind"));
      continue;
    }
    Send(std::move(next.command), std::move(next.done));
  }
  if (waiting_.empty()) has_waiting_ = false;
}

void Publisher::Send(PublishCommand command, PublishDone done) {
  std::string channel = ChannelOf(command.target);
  std::string payload = std::exchange(command.payload, {});
  backplane_.Publish(std::move(channel), std::move(payload),
                     [this, command = std::move(command), done = std::move(done)](
                         absl::StatusOr<Backplane::Published> published) mutable {
                       if (!published.ok()) return done(published.status());
                       OnPublished(*published, std::move(command), std::move(done));
                     });
}

void Publisher::OnPublished(const Backplane::Published& published, PublishCommand command,
                            PublishDone done) {
  v1::Delivery delivery;
  delivery.set_event_id(command.custom_id.empty() ? published.number.ToString()
                                                  : command.custom_id);
  if (!command.is_confirmed) return done(std::move(delivery));
  if (published.receivers == 0) {
    delivery.set_connections(0);
    return done(std::move(delivery));
  }
  const std::uint64_t sequence = published.number.sequence;
  const auto confirmation = ConfirmationOf(sequence);
  const absl::Time deadline = command.deadline - kAnswerMargin;
  if (deadline < clock_.Now() + kConfirmationWait) deadlines_.emplace(deadline, sequence);
  confirmation->Expect(published.receivers, std::move(delivery), std::move(done));
}

std::shared_ptr<Confirmation> Publisher::ConfirmationOf(std::uint64_t sequence) {
  std::shared_ptr<Confirmation>& confirmation = confirmations_[sequence];
  if (confirmation != nullptr) return confirmation;
  const auto made = confirmation = std::make_shared<Confirmation>();
  deadlines_.emplace(clock_.Now() + kConfirmationWait, sequence);
  ForgetAnswered();
  ScheduleDeadlines();
  return made;
}

// Deadlines come in order but for callers' own, so almost all that are answered are in front.
void Publisher::ForgetAnswered() {
  while (!deadlines_.empty()) {
    const auto first = deadlines_.begin();
    const auto found = confirmations_.find(first->second);
    if (found != confirmations_.end() && !found->second->is_answered()) return;
    if (found != confirmations_.end()) confirmations_.erase(found);
    deadlines_.erase(first);
  }
}

void Publisher::OnMessage(const std::string& channel, const EventNumber& number,
                          std::string_view payload) {
  const auto target = TargetOf(channel);
  auto event = DecodeEnvelope(payload, number);
  if (!target.has_value() || !event.ok()) {
    if (!event.ok() && !absl::IsNotFound(event.status())) {
      Log(spdlog::level::warn, "ignored a message of the backplane",
          {{"channel", channel}, {"error", std::string(event.status().message())}});
    }
    return;
  }
  std::shared_ptr<Confirmation> confirmation;
  if (event->wants_ack) confirmation = ConfirmationOf(number.sequence);
  // The payload holds the filter too, which can be larger than the event.
  const std::size_t cost = std::max(event->bytes->size(), payload.size()) + kEventOverheadBytes;
  in_flight_bytes_ += cost;
  edge_.Deliver(interest_.ShardsOf(channel), *target, std::move(event->filter),
                std::move(event->bytes),
                [this, cost, confirmation = std::move(confirmation)](FanOutResult result) {
                  if (confirmation != nullptr) confirmation->Acknowledge(result);
                  OnDelivered(cost);
                });
}

// On the thread of the last shard.
void Publisher::OnDelivered(std::size_t cost) {
  in_flight_bytes_ -= cost;
  if (has_waiting_) post_([this] { SendWaiting(); });
}

void Publisher::ScheduleDeadlines() {
  if (is_deadline_scheduled_) return;
  is_deadline_scheduled_ = true;
  deadline_timer_.expires_after(kDeadlineTick);
  deadline_timer_.async_wait([this](const boost::system::error_code& error) {
    is_deadline_scheduled_ = false;
    if (!error) OnDeadlines();
  });
}

void Publisher::OnDeadlines() {
  const absl::Time now = clock_.Now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto found = confirmations_.find(deadlines_.begin()->second);
    deadlines_.erase(deadlines_.begin());
    if (found == confirmations_.end()) continue;
    found->second->GiveUp();
    confirmations_.erase(found);
  }
  ForgetAnswered();
  if (!deadlines_.empty()) ScheduleDeadlines();
}

void Publisher::Stop() {
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    waiting.done(NotSent("the server is stopping"));
  }
  for (const auto& [sequence, confirmation] : confirmations_) confirmation->GiveUp();
}

}  // namespace sluice
