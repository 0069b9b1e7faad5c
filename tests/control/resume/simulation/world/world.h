#pragma once

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "control/message/envelope.h"
#include "tests/control/resume/simulation/simulated_page.h"

namespace sluice::tests {

inline constexpr double kActive = 22;  // Seconds with faults and publishes, then without.
inline constexpr double kQuiet = 16;

enum class Fault {
  kReconnects,  // Pages come and go, which is no fault.
  kCutSubscriptions,
  kKillReplicas,
  kRestartWithAll,
  kRestartWithOldData,
  kRestartEmpty,
  kTrim,
};

// One story, played from a seed, and what an oracle that knows every publish finds wrong with it.
class World {
 public:
  World(unsigned seed, std::set<Fault> faults, const Broken& broken)
      : time_(seed),
        faults_(std::move(faults)),
        broken_(broken),
        redis_(time_, History(), broken_) {
    ring_bytes_ = time_.Chance(0.5) ? 1'000'000 : 3000;
    for (int i = 0; i < 2 + time_.Below(2); ++i) StartReplica();
    for (int i = 0; i < 6; ++i) {
      std::vector<std::string> groups;
      for (const char* group : {"g0", "g1"}) {
        if (time_.Chance(0.5)) groups.emplace_back(group);
      }
      pages_.push_back(std::make_unique<SimulatedPage>(time_, absl::StrCat("c", i), groups));
      SimulatedPage& page = *pages_.back();
      time_.After(time_.Between(0.5, 5), [this, &page] { Connect(page); });
      time_.After(time_.Between(2, 8), [this, &page] { Disturb(page); });
    }
    rate_s_ = time_.Uniform(0.1, 0.5);
    time_.After(absl::Seconds(1), [this] { PublishSome(); });
    time_.After(absl::Seconds(1), [this] { AssignSome(); });
    for (const Fault fault : faults_) {
      for (int i = 0; i < 1 + time_.Below(3); ++i) {
        time_.After(time_.Between(2.5, kActive - 2), [this, fault] { Strike(fault); });
      }
    }
  }

  // The first lines of what is wrong.
  std::vector<std::string> Play() {
    time_.RunTo(absl::Seconds(kActive + kQuiet));
    for (const auto& page : pages_) Judge(*page);
    return violations_;
  }

  // What the pages got that something is wrong with.
  std::string Story() const {
    std::string story;
    for (const auto& page : pages_) {
      if (!wrong_.contains(page->client_id())) continue;
      for (const Assignment& change : redis_.assignments()) {
        if (change.client_id != page->client_id()) continue;
        absl::StrAppend(&story, page->client_id(), change.is_in ? " joins " : " leaves ",
                        change.group, " in epoch ", change.epoch, " at ", change.sequence, "\n");
      }
      for (const auto& [frame, before, is_open, at] : page->log()) {
        absl::StrAppend(&story, page->client_id(), is_open ? " opened" : "", " ",
                        frame.id.has_value() ? frame.id->ToString() : "-", " ", frame.data,
                        frame.gap, frame.gap.empty() ? "" : " to " + frame.gap_to.ToString(), "\n");
      }
    }
    return story;
  }

  int gap_count() const { return gap_count_; }
  std::size_t publish_count() { return redis_.truth().size(); }

 private:
  using Place = std::pair<int, std::uint64_t>;  // Epoch and sequence.

  HistoryOptions History() const {
    HistoryOptions history;
    const bool is_short = faults_.contains(Fault::kTrim);
    history.standard = {is_short ? 6 : 400, absl::Seconds(is_short ? 4 : 30)};
    return history;
  }

  bool IsActive() const { return time_.now() < absl::Seconds(kActive); }

  void StartReplica() {
    replicas_.push_back(std::make_unique<SimulatedReplica>(time_, redis_, ring_bytes_, broken_));
  }

  void Connect(SimulatedPage& page) {
    if (page.is_connected()) return;
    page.Connect(*replicas_[static_cast<std::size_t>(time_.Below(ReplicaCount()))]);
  }

  int ReplicaCount() const { return static_cast<int>(replicas_.size()); }

  void Disturb(SimulatedPage& page) {
    if (!IsActive()) return;
    if (page.is_connected()) {
      page.Cut();
      time_.After(time_.Between(0.1, 1.2), [this, &page] { Connect(page); });
    }
    time_.After(time_.Between(0.5, 8), [this, &page] { Disturb(page); });
  }

  void PublishSome() {
    if (!IsActive()) return;
    const std::vector<std::string> channels = {"all",       "group:g0",  "group:g1", "client:c0",
                                               "client:c1", "client:c2", "group:a0", "group:a1"};
    const int count = time_.Chance(0.2) ? 6 : 1;
    for (int i = 0; i < count; ++i) {
      internal::v1::EventMessage message;
      const int uid = ++last_uid_;
      message.set_data(absl::StrCat(uid));
      message.set_ephemeral(time_.Chance(0.15));
      const std::string& channel =
          channels[static_cast<std::size_t>(time_.Below(static_cast<int>(channels.size())))];
      const bool is_ephemeral = message.ephemeral();
      replicas_[static_cast<std::size_t>(time_.Below(ReplicaCount()))]->backplane().PublishEvent(
          channel, uid, EncodeEnvelope(std::move(message)), is_ephemeral);
    }
    time_.After(time_.Between(0, rate_s_), [this] { PublishSome(); });
  }

  // Puts a client into a group that no page asks for, or takes it out.
  void AssignSome() {
    if (!IsActive()) return;
    RecordChange change;
    (time_.Chance(0.7) ? change.join : change.leave).push_back(absl::StrCat("a", time_.Below(2)));
    replicas_[static_cast<std::size_t>(time_.Below(ReplicaCount()))]->backplane().ChangeGroups(
        absl::StrCat("c", time_.Below(6)), std::move(change));
    time_.After(time_.Between(0.1, 2), [this] { AssignSome(); });
  }

  void Strike(Fault fault) {
    const auto victim = static_cast<std::size_t>(time_.Below(ReplicaCount()));
    switch (fault) {
      case Fault::kReconnects:
      case Fault::kTrim:
        break;
      case Fault::kCutSubscriptions:
        replicas_[victim]->backplane().CutSubscription();
        break;
      case Fault::kKillReplicas:
        Kill(victim);
        break;
      case Fault::kRestartWithAll:
        redis_.Restart(SimulatedRedis::Loss::kNothing, time_.Between(0.05, 2));
        break;
      case Fault::kRestartWithOldData:
        redis_.Restart(SimulatedRedis::Loss::kTheNewest, time_.Between(0.05, 2));
        break;
      case Fault::kRestartEmpty:
        redis_.Restart(SimulatedRedis::Loss::kEverything, time_.Between(0.05, 2));
        break;
    }
  }

  void Kill(std::size_t victim) {
    if (replicas_.size() < 2) return;
    for (const auto& page : pages_) {
      if (!page->IsOn(*replicas_[victim])) continue;
      page->Lose();
      time_.After(time_.Between(0.1, 1.2), [this, &page = *page] { Connect(page); });
    }
    replicas_.erase(replicas_.begin() + static_cast<std::ptrdiff_t>(victim));
    time_.After(time_.Between(0.1, 3), [this] { StartReplica(); });
  }

  Place PlaceOf(const EventNumber& number) const {
    return {redis_.EpochIndex(number), number.sequence};
  }

  void Violate(const SimulatedPage& page, const std::string& what) {
    violations_.push_back(absl::StrCat(page.client_id(), " ", what));
    wrong_.insert(page.client_id());
  }

  void Judge(const SimulatedPage& page) {
    if (!page.IsLive()) Violate(page, "has no live stream at the end");
    if (page.log().empty()) return;
    std::set<int> got;
    JudgeOrder(page, got);
    const auto& opened = page.log().front().frame.id;
    if (!opened.has_value()) return Violate(page, "was opened first without a position");
    const Place joined = PlaceOf(*opened);
    for (const auto& [uid, publish] : redis_.truth()) {
      const Place place = {publish.epoch, publish.number.sequence};
      const bool is_due = page.IsFor(publish.channel) || IsDueByAssignment(page, publish);
      if (publish.is_ephemeral || !is_due || place <= joined) continue;
      if (got.contains(uid) || IsForgotten(uid, publish) || IsTold(page, place)) continue;
      Violate(page,
              absl::StrCat("misses ", uid, " (", publish.channel, " ", publish.number.ToString(),
                           publish.is_lost ? ", lost" : "", ") and was told no gap"));
    }
  }

  // Whether the page's client was assigned to the channel's group at that number.
  bool IsAssigned(const SimulatedPage& page, const Publish& publish) const {
    bool is_in = false;
    for (const Assignment& change : redis_.assignments()) {
      if (!Concerns(change, page, publish)) continue;
      if (Place(change.epoch, change.sequence) >= Place(publish.epoch, publish.number.sequence)) {
        break;
      }
      is_in = change.is_in;
    }
    return is_in;
  }

  static bool Concerns(const Assignment& change, const SimulatedPage& page,
                       const Publish& publish) {
    return change.client_id == page.client_id() && "group:" + change.group == publish.channel;
  }

  // And stayed in it until the page had got what came up to that number: who comes back after a
  // leave gets nothing more of the group.
  bool IsDueByAssignment(const SimulatedPage& page, const Publish& publish) const {
    if (!IsAssigned(page, publish)) return false;
    const Place place = {publish.epoch, publish.number.sequence};
    absl::Duration caught_up = absl::InfiniteDuration();
    for (const auto& entry : page.log()) {
      if (!entry.frame.id.has_value() || PlaceOf(*entry.frame.id) < place) continue;
      caught_up = entry.at;
      break;
    }
    return std::none_of(
        redis_.assignments().begin(), redis_.assignments().end(), [&](const Assignment& change) {
          return Concerns(change, page, publish) && !change.is_in &&
                 Place(change.epoch, change.sequence) > place && change.at <= caught_up;
        });
  }

  // A record that is lost leaves its groups to the streams that are open.
  bool MayLoseRecords() const {
    return faults_.contains(Fault::kRestartEmpty) || faults_.contains(Fault::kRestartWithOldData);
  }

  // Lost by Redis, and nobody was told that it exists.
  bool IsForgotten(int uid, const Publish& publish) const {
    if (!publish.is_lost || publish.is_known) return false;
    const std::string data = absl::StrCat(uid);
    for (const auto& page : pages_) {
      for (const auto& entry : page->log()) {
        if (entry.frame.data == data) return false;
      }
    }
    return true;
  }

  bool IsTold(const SimulatedPage& page, const Place& place) const {
    for (const auto& entry : page.log()) {
      if (entry.frame.gap.empty()) continue;
      const Place from = entry.before.has_value() ? PlaceOf(*entry.before) : Place();
      if (from < place && place <= PlaceOf(entry.frame.gap_to)) return true;
    }
    return false;
  }

  void JudgeOrder(const SimulatedPage& page, std::set<int>& got) {
    Place last_id;
    for (const auto& entry : page.log()) {
      const PageFrame& frame = entry.frame;
      if (!frame.gap.empty()) ++gap_count_;
      if (frame.id.has_value()) {
        const Place id = PlaceOf(*frame.id);
        if (id < last_id) Violate(page, absl::StrCat("sees ", frame.id->ToString(), " too late"));
        const bool is_other_epoch = entry.before.has_value() && id.first != last_id.first;
        if (is_other_epoch && frame.gap.empty()) {
          Violate(page, absl::StrCat("changes epoch without a gap at ", frame.id->ToString()));
        }
        last_id = id;
      }
      if (frame.data.empty()) continue;
      const int uid = std::stoi(frame.data);
      const Publish& publish = redis_.truth().at(uid);
      const bool is_for_it = page.IsFor(publish.channel) || MayLoseRecords();
      if (!is_for_it && !IsAssigned(page, publish)) {
        Violate(page, absl::StrCat("got ", uid, " of ", publish.channel,
                                   ", which it was not in at ", publish.number.ToString()));
      }
      if (!got.insert(uid).second) Violate(page, absl::StrCat("got ", uid, " twice"));
    }
  }

  VirtualTime time_;
  const std::set<Fault> faults_;
  const Broken broken_;
  SimulatedRedis redis_;
  std::size_t ring_bytes_ = 0;
  double rate_s_ = 0;
  std::vector<std::unique_ptr<SimulatedReplica>> replicas_;
  std::vector<std::unique_ptr<SimulatedPage>> pages_;
  int last_uid_ = 0;
  int gap_count_ = 0;
  std::vector<std::string> violations_;
  std::set<std::string> wrong_;  // Pages.
};

}  // namespace sluice::tests
