#include "tests/control/resume/simulation/simulated_backplane.h"

#include <algorithm>

namespace sluice::tests {
namespace {

constexpr char kReplicas[] = "replicas";

}  // namespace

SimulatedBackplane::SimulatedBackplane(VirtualTime& time, SimulatedRedis& redis)
    : time_(time), scheduler_(time), redis_(redis) {}

SimulatedBackplane::~SimulatedBackplane() {
  if (subscription_ == nullptr) return;
  // Nobody is left to be told.
  subscription_->on_end = [] {};
  redis_.Cut(subscription_);
}

void SimulatedBackplane::Start(Listener& listener) {
  listener_ = &listener;
  Connect();
  ScheduleReport();
}

void SimulatedBackplane::ScheduleReport() {
  scheduler_.After(time_.Between(0.8, 1.2), [this] {
    if (redis_.is_up()) redis_.Report();
    ScheduleReport();
  });
}

void SimulatedBackplane::Connect() {
  if (!redis_.is_up()) {
    return scheduler_.After(time_.Between(0.05, 0.4), [this] { Connect(); });
  }
  subscription_ = redis_.Connect();
  subscription_->on_confirm = [this](std::uint64_t serial) { OnConfirm(serial); };
  subscription_->on_message = [this](const std::string& channel, const EventNumber& number,
                                     const std::string& payload) {
    OnMessage(channel, number, payload);
  };
  subscription_->on_end = [this] { OnEnd(); };
  for (const Wanted& wanted : wanted_) {
    redis_.Subscribe(subscription_, wanted.channel, wanted.serial);
  }
  redis_.Subscribe(subscription_, kReplicas, 0);  // The last.
  scheduler_.After(time_.Latency(), [this] {
    if (redis_.is_up()) redis_.Report();
  });
}

void SimulatedBackplane::OnEnd() {
  subscription_ = nullptr;
  is_listening_ = is_live_ = false;
  wanted_.clear();
  confirmed_.clear();
  scheduler_.After(time_.Between(0.01, 0.3), [this] { Connect(); });
  listener_->OnInterrupted();
}

void SimulatedBackplane::Subscribe(const std::string& channel, absl::AnyInvocable<void()> done) {
  const std::uint64_t serial = ++last_serial_;
  wanted_.push_back({channel, serial, std::move(done)});
  if (subscription_ == nullptr) return;
  scheduler_.After(time_.Latency(), [this, channel, serial, subscription = subscription_] {
    redis_.Subscribe(subscription, channel, serial);
  });
}

void SimulatedBackplane::Unsubscribe(const std::string& channel) {
  std::erase_if(wanted_, [&](const auto& wanted) { return wanted.channel == channel; });
  // The real one waits a second for somebody who wants it again, which hides more than it shows.
  if (subscription_ != nullptr) redis_.Unsubscribe(subscription_, channel);
}

void SimulatedBackplane::OnConfirm(std::uint64_t serial) {
  if (serial == 0) {
    is_listening_ = true;
    return;
  }
  const auto found = std::find_if(wanted_.begin(), wanted_.end(), [serial](const Wanted& wanted) {
    return wanted.serial == serial;
  });
  if (found == wanted_.end()) return;
  auto done = std::move(found->done);
  wanted_.erase(found);
  if (is_live_) return done();
  confirmed_.push_back(std::move(done));
}

void SimulatedBackplane::OnMessage(const std::string& channel, const EventNumber& number,
                                   const std::string& payload) {
  if (is_live_ && number.epoch != position_.epoch) return redis_.Cut(subscription_);
  if (channel != kReplicas) listener_->OnMessage(channel, number, payload);
  position_ = number;
  if (!is_listening_ || is_live_) return;
  is_live_ = true;
  for (auto& done : std::exchange(confirmed_, {})) done();
}

template <typename Script, typename Done>
void SimulatedBackplane::Run(Script script, Done done) {
  const int run = redis_.run();
  last_command_ = std::max(last_command_, time_.now() + time_.Latency());
  scheduler_.After(last_command_ - time_.now(), [this, run, script = std::move(script),
                                                 done = std::move(done)]() mutable {
    using Answer = absl::StatusOr<decltype(script())>;
    // A connection ends with its Redis; what it had taken may have been carried out.
    Answer answer = absl::UnavailableError("Redis is away");
    if (redis_.is_up() && redis_.run() == run) answer = script();
    if (time_.Chance(0.01)) answer = absl::UnavailableError("the connection ended");
    last_command_ = std::max(last_command_, time_.now() + time_.Latency());
    scheduler_.After(last_command_ - time_.now(),
                     [answer = std::move(answer), done = std::move(done)]() mutable {
                       done(std::move(answer));
                     });
  });
}

void SimulatedBackplane::ReadHistory(HistoryQuery query,
                                     absl::AnyInvocable<void(absl::StatusOr<HistoryRead>)> done) {
  Run([this, query = std::move(query)] { return redis_.Read(query); }, std::move(done));
}

void SimulatedBackplane::ChangeGroups(const std::string& client_id, RecordChange change) {
  Run([this, client_id,
       change = std::move(change)] { return redis_.ChangeRecord(client_id, change); },
      [](const absl::StatusOr<EventNumber>&) {});
}

void SimulatedBackplane::PublishEvent(const std::string& channel, int uid, std::string payload,
                                      bool is_ephemeral) {
  Run([this, channel, uid, payload = std::move(payload),
       is_ephemeral] { return redis_.PublishEvent(channel, payload, uid, is_ephemeral); },
      [this, uid](const absl::StatusOr<EventNumber>& number) {
        if (number.ok()) redis_.truth()[uid].is_known = true;
      });
}

}  // namespace sluice::tests
