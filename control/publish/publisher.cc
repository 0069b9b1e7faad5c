#include "control/publish/publisher.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "control/backplane/channel.h"
#include "control/message/envelope.h"
#include "control/request/error_reason.h"
#include "edge/log/log.h"

namespace sluice {
namespace {

// How often deadlines are looked at while something waits.
constexpr auto kDeadlineTick = std::chrono::milliseconds(25);

// Callers with a later deadline wait for whatever else bounds their call.
constexpr absl::Duration kDeadlineMax = absl::Hours(1);

// What an event on its way costs besides its bytes.
constexpr std::size_t kEventOverheadBytes = 512;

// What is logged when the streams of this replica have an event.
struct DeliveryLog {
  std::string event_id;
  std::string channel;
  std::string trace_id;
  std::string request_id;

  void Write(const FanOutResult& result) const {
    Log(spdlog::level::debug, "event delivered",
        {{"event_id", event_id},
         {"channel", channel},
         {"trace_id", trace_id},
         {"request_id", request_id},
         {"connections", result.entered},
         {"dropped", result.dropped}});
  }
};

}  // namespace

Publisher::Publisher(std::string replica_id, boost::asio::io_context& io_context,
                     const Clock& clock, Backplane& backplane, EventStreams& streams,
                     const Interest& interest, const Members& members,
                     const HistoryOptions& history, ResumeRing& ring, Post post)
    : replica_id_(std::move(replica_id)),
      deadline_timer_(io_context),
      clock_(clock),
      backplane_(backplane),
      streams_(streams),
      interest_(interest),
      members_(members),
      history_(history),
      ring_(ring),
      post_(std::move(post)),
      ack_sender_(io_context, replica_id_, backplane),
      earlier_answers_(io_context, clock, backplane) {}

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
  ++published_count_;
  Backplane::Message message;
  message.channel = ChannelOf(command.target);
  message.payload = std::exchange(command.payload, {});
  message.is_kept = command.is_kept;
  message.counts_receivers = command.is_confirmed;
  message.claim = command.claim;
  if (command.is_confirmed) AppendAckTo(message.payload, replica_id_);
  AppendOrigin(message.payload, command.trace_id, command.request_id);
  const absl::Duration deadline = AnswerBy(command.deadline);
  const auto sent = std::make_shared<Sent>(Sent{std::move(command), std::move(done)});
  backplane_.Publish(std::move(message), [this, sent](Backplane::PublishedOr published) {
    if (std::exchange(sent->is_answered, true)) {
      // Its caller has been told that the deadline came, and may come again under its request_id.
      if (!sent->command.claim.has_value()) return;
      sent->done = [](absl::StatusOr<v1::Delivery>) {};
    }
    if (!published.ok()) return sent->done(published.status());
    OnPublished(*published, std::move(sent->command), std::move(sent->done));
  });
  if (sent->is_answered || deadline == absl::InfiniteDuration()) return;
  sent_.emplace(deadline, sent);
  ScheduleDeadlines();
}

void Publisher::OnPublished(const Backplane::Published& published, PublishCommand command,
                            PublishDone done) {
  if (published.earlier.has_value()) {
    return earlier_answers_.Answer(published, command, std::move(done));
  }
  if (IsLogged(spdlog::level::debug)) {
    Log(spdlog::level::debug, "event published",
        {{"event_id", published.number.ToString()},
         {"channel", ChannelOf(command.target)},
         {"trace_id", command.trace_id},
         {"request_id", command.request_id},
         {"receivers", published.receivers}});
  }
  if (command.claim.has_value()) done = KeepingAnswer(command.claim->key, std::move(done));
  v1::Delivery delivery;
  delivery.set_event_id(command.custom_id.empty() ? published.number.ToString()
                                                  : command.custom_id);
  if (!command.is_confirmed) return done(std::move(delivery));
  ExpectAcks(published, AnswerBy(command.deadline), std::move(delivery), std::move(done));
}

absl::Duration Publisher::AnswerBy(absl::Time deadline) const {
  const absl::Duration left = deadline - clock_.Now();
  if (left > kDeadlineMax) return absl::InfiniteDuration();
  return clock_.Uptime() + left - kAnswerMargin;
}

// For whoever sends the same request_id again. `done` may be called on a shard's thread.
PublishDone Publisher::KeepingAnswer(const std::string& claim_key, PublishDone done) {
  return [this, claim_key, done = std::move(done)](absl::StatusOr<v1::Delivery> delivery) mutable {
    if (delivery.ok()) {
      post_([this, claim_key, answer = delivery->SerializeAsString()]() mutable {
        backplane_.KeepAnswer(claim_key, std::move(answer));
      });
    }
    done(std::move(delivery));
  };
}

void Publisher::Tell(const std::string& channel, internal::v1::Envelope envelope,
                     absl::AnyInvocable<void(Backplane::PublishedOr)> done) {
  ++published_count_;
  Backplane::Message message;
  message.channel = channel;
  message.payload = AskingForAcks(std::move(envelope));
  message.counts_receivers = true;
  backplane_.Publish(std::move(message), std::move(done));
}

std::string Publisher::AskingForAcks(internal::v1::Envelope envelope) const {
  envelope.set_ack_to(replica_id_);
  return EncodeEnvelope(std::move(envelope));
}

void Publisher::Confirm(const Backplane::Published& published, PublishDone done) {
  ExpectAcks(published, absl::InfiniteDuration(), {}, std::move(done));
}

void Publisher::ExpectAcks(const Backplane::Published& published, absl::Duration deadline,
                           v1::Delivery delivery, PublishDone done) {
  const int deaf = published.deaf + members_.UncountedAt(published.number);
  if (published.receivers == 0) {
    delivery.set_connections(0);
    delivery.set_unconfirmed_replicas(deaf);
    return done(std::move(delivery));
  }
  const std::uint64_t sequence = published.number.sequence;
  const auto confirmation = ConfirmationOf(sequence);
  const absl::Duration now = clock_.Uptime();
  if (deadline < now + kConfirmationWait) deadlines_.insert({deadline, sequence, false});
  if (silent_replicas_ > 0) deadlines_.insert({now + kSilentWait, sequence, true});
  confirmation->Expect(published.receivers, deaf, std::move(delivery), std::move(done));
}

std::shared_ptr<Confirmation> Publisher::ConfirmationOf(std::uint64_t sequence) {
  std::shared_ptr<Confirmation>& confirmation = confirmations_[sequence];
  if (confirmation != nullptr) return confirmation;
  const auto made = confirmation = std::make_shared<Confirmation>();
  deadlines_.insert({clock_.Uptime() + kConfirmationWait, sequence, false});
  ForgetAnswered();
  ScheduleDeadlines();
  return made;
}

// Deadlines come in order but for callers' own, so almost all that are answered are in front.
void Publisher::ForgetAnswered() {
  while (!deadlines_.empty()) {
    const auto first = deadlines_.begin();
    const auto found = confirmations_.find(first->sequence);
    if (found != confirmations_.end() && !found->second->is_answered()) break;
    if (found != confirmations_.end()) confirmations_.erase(found);
    deadlines_.erase(first);
  }
  while (!sent_.empty() && sent_.begin()->second->is_answered) sent_.erase(sent_.begin());
}

void Publisher::OnEvent(const std::string& channel, const EventNumber& number, std::uint64_t order,
                        const internal::v1::Envelope& envelope, absl::Duration age) {
  const auto target = TargetOf(channel);
  auto event =
      DecodeEvent(envelope.event(), number, IdRuleOf(history_, channel), clock_.Uptime() - age);
  if (!target.has_value() || !event.ok()) {
    Log(spdlog::level::warn, "ignored a message of the backplane",
        {{"channel", channel}, {"error", std::string(event.status().message())}});
    return;  // Without an ack: what its streams miss is not known to be nothing.
  }
  event->order = order;
  event->received = clock_.Uptime();
  if (event->is_resumable) ring_.Add(channel, *event);
  const std::string& ack_to = envelope.ack_to();
  std::shared_ptr<Confirmation> confirmation;
  const std::uint64_t sequence = number.sequence;
  if (ack_to == replica_id_) confirmation = ConfirmationOf(sequence);
  // The message holds the filter too, which can be larger than the event.
  const std::size_t cost =
      std::max(event->bytes->size(), envelope.ByteSizeLong()) + kEventOverheadBytes;
  in_flight_bytes_ += cost;
  std::shared_ptr<const DeliveryLog> log;
  if (IsLogged(spdlog::level::debug)) {
    log.reset(
        new DeliveryLog{number.ToString(), channel, envelope.trace_id(), envelope.request_id()});
  }
  streams_.Deliver(
      interest_.ShardsOf(channel), *target, *event,
      [this, cost, confirmation = std::move(confirmation), sequence, ack_to,
       log = std::move(log)](FanOutResult result) {
        if (log != nullptr) log->Write(result);
        if (confirmation != nullptr) {
          confirmation->Acknowledge(result);
        } else if (!ack_to.empty()) {
          post_([this, ack_to, sequence, result] { ack_sender_.Add(ack_to, sequence, result); });
        }
        OnDelivered(cost);
      });
}

void Publisher::Acknowledge(const std::string& ack_to, const EventNumber& number,
                            FanOutResult result) {
  if (ack_to.empty()) return;
  if (ack_to != replica_id_) return ack_sender_.Add(ack_to, number.sequence, result);
  ConfirmationOf(number.sequence)->Acknowledge(result);
}

void Publisher::OnAcks(const internal::v1::Acks& acks) {
  for (const internal::v1::Ack& ack : acks.acks()) {
    ConfirmationOf(ack.sequence())->Acknowledge({ack.entered(), ack.dropped()});
  }
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
  const absl::Duration now = clock_.Uptime();
  while (!deadlines_.empty() && deadlines_.begin()->time <= now) {
    const Deadline deadline = *deadlines_.begin();
    deadlines_.erase(deadlines_.begin());
    const auto found = confirmations_.find(deadline.sequence);
    if (found == confirmations_.end()) continue;
    if (deadline.is_for_silent) {
      found->second->GiveUpOnSilent(silent_replicas_);
      // Others may acknowledge a little later.
      if (!found->second->is_answered()) {
        deadlines_.insert({now + kSilentWait, deadline.sequence, true});
      }
    } else {
      found->second->GiveUp();
      confirmations_.erase(found);
    }
  }
  FailOverdue(now);
  ForgetAnswered();
  if (!deadlines_.empty() || !sent_.empty()) ScheduleDeadlines();
}

void Publisher::FailOverdue(absl::Duration now) {
  while (!sent_.empty() && sent_.begin()->first <= now) {
    const std::shared_ptr<Sent> sent = sent_.begin()->second;
    sent_.erase(sent_.begin());
    if (std::exchange(sent->is_answered, true)) continue;
    sent->done(WithReason(
        absl::DeadlineExceededError("the deadline came before the backplane had answered"),
        "OUTCOME_UNKNOWN"));
  }
}

void Publisher::Stop() {
  for (const auto& [deadline, sent] : std::exchange(sent_, {})) {
    if (std::exchange(sent->is_answered, true)) continue;
    sent->done(OutcomeUnknown("the server is stopping"));
  }
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    waiting.done(NotSent("the server is stopping"));
  }
  for (const auto& [sequence, confirmation] : confirmations_) confirmation->GiveUp();
}

}  // namespace sluice
