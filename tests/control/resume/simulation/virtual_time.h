#pragma once

#include <absl/time/time.h>

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "edge/base/scheduler.h"
#include "edge/names/connection_id.h"

namespace sluice::tests {

// The time of a simulation: tasks run in the order of their times, and of their giving.
class VirtualTime : public Scheduler {
 public:
  explicit VirtualTime(unsigned seed) : random_(seed) {}

  absl::Duration Uptime() const override { return now_; }
  void Post(absl::AnyInvocable<void()> task) override {
    After(absl::ZeroDuration(), std::move(task));
  }
  void After(absl::Duration delay, absl::AnyInvocable<void()> task) override {
    tasks_.emplace(std::pair(now_ + delay, ++serial_), std::move(task));
  }

  // Runs everything up to this time.
  void RunTo(absl::Duration end) {
    while (!tasks_.empty() && tasks_.begin()->first.first <= end) {
      auto next = tasks_.extract(tasks_.begin());
      now_ = next.key().first;
      next.mapped()();
    }
    now_ = end;
  }

  // The same ids in each run, unlike ConnectionId::Make's.
  ConnectionId NextConnectionId() {
    std::string text(13, 'a');
    std::uint64_t number = ++connections_;
    for (std::size_t i = text.size(); number > 0; number /= 26) {
      text[--i] = static_cast<char>('a' + number % 26);
    }
    return ConnectionId::Parse(text).value_or(ConnectionId());
  }

  absl::Duration now() const { return now_; }

  double Uniform(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random_);
  }
  int Below(int count) { return std::uniform_int_distribution<int>(0, count - 1)(random_); }
  bool Chance(double share) { return Uniform(0, 1) < share; }
  absl::Duration Between(double low_s, double high_s) {
    return absl::Seconds(Uniform(low_s, high_s));
  }
  // Of a message: mostly short, now and then long.
  absl::Duration Latency() {
    const double dice = Uniform(0, 1);
    if (dice < 0.85) return Between(0.0002, 0.003);
    return dice < 0.985 ? Between(0.005, 0.25) : Between(0.25, 1.0);
  }

 private:
  std::mt19937 random_;
  absl::Duration now_ = absl::ZeroDuration();
  std::uint64_t serial_ = 0;
  std::uint64_t connections_ = 0;
  std::map<std::pair<absl::Duration, std::uint64_t>, absl::AnyInvocable<void()>> tasks_;
};

// The scheduler of something that may die: then what it was given is dropped.
class MortalScheduler : public Scheduler {
 public:
  explicit MortalScheduler(VirtualTime& time) : time_(time) {}
  ~MortalScheduler() override { *is_alive_ = false; }

  absl::Duration Uptime() const override { return time_.Uptime(); }
  void Post(absl::AnyInvocable<void()> task) override {
    After(absl::ZeroDuration(), std::move(task));
  }
  void After(absl::Duration delay, absl::AnyInvocable<void()> task) override {
    time_.After(delay, [is_alive = is_alive_, task = std::move(task)]() mutable {
      if (*is_alive) task();
    });
  }

 private:
  VirtualTime& time_;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::tests
