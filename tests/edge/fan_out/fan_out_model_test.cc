#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "edge/fan_out/fan_out_queue.h"
#include "tests/support/stream/session_crowd.h"
#include "tests/support/wire/event_stream_parser.h"

namespace sluice {
namespace {

using tests::EventStreamParser;
using tests::SessionCrowd;
using Member = SessionCrowd::Member;
using Filter = std::shared_ptr<const DeliveryFilter>;

// Joins, leaves, fan-outs and slices in random order, and an oracle that knows nothing of blocks,
// slices and overtaking: an event is for the members that match when it is added, and each gets
// its events in the order in which they were added.
class FanOutModel {
 public:
  FanOutModel(unsigned seed, std::size_t crowd) : random_(seed) {
    for (std::size_t i = 0; i < crowd; ++i) Join();
  }

  void Step() {
    const unsigned choice = Random(100);
    if (choice < 12) return Join();
    if (choice < 20) return Leave();
    if (choice < 55) return AddSome();
    if (choice < 70) return static_cast<void>(crowd_.fan_outs().Start());
    if (choice < 95) return static_cast<void>(crowd_.fan_outs().RunSlice());
    ReadAll();
  }

  void Finish() {
    crowd_.fan_outs().Start();
    while (crowd_.fan_outs().RunSlice()) {
    }
    while (ReadAll(/*with_stuck=*/true)) {
    }
  }

  void Check() {
    std::vector<std::int64_t> entered(events_.size(), 0);
    std::vector<std::int64_t> refused_min(events_.size(), 0);
    std::vector<std::int64_t> refused_max(events_.size(), 0);
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      CheckMember(i);
      const Member& member = *crowd_.members()[i];
      const std::size_t count = DeliveredTo(member);
      const bool is_slow = member.has_ended && member.end_reason == EndReason::kSlow;
      for (std::size_t at = 0; at < expected_[i].size(); ++at) {
        const auto event = static_cast<std::size_t>(expected_[i][at]);
        if (at < count) ++entered[event];
        if (is_slow && at == count) ++refused_min[event];
        if (is_slow && at >= count) ++refused_max[event];
      }
    }
    for (std::size_t event = 0; event < events_.size(); ++event) {
      ASSERT_TRUE(events_[event].has_value()) << "no receipt for event " << event;
      ASSERT_EQ(events_[event]->entered, entered[event]) << "event " << event;
      ASSERT_GE(events_[event]->dropped, refused_min[event]) << "event " << event;
      ASSERT_LE(events_[event]->dropped, refused_max[event]) << "event " << event;
    }
    EXPECT_EQ(crowd_.budget().used(), QueuedCost());
  }

 private:
  unsigned Random(unsigned below) { return static_cast<unsigned>(random_()) % below; }

  void Join() {
    std::vector<std::string> groups;
    if (Random(10) < 8) groups.push_back("big");
    if (Random(10) < 4) groups.push_back("medium");
    if (Random(50) == 0) groups.push_back("small");
    if (Random(100) == 0) groups.push_back("tiny");
    const bool is_stuck = Random(25) == 0;
    crowd_.Join("c" + std::to_string(Random(40)), groups, is_stuck);
    is_stuck_.push_back(is_stuck);
    expected_.emplace_back();
    received_.emplace_back();
    parsers_.emplace_back();
  }

  void Leave() {
    Member& member = *crowd_.members()[Random(static_cast<unsigned>(crowd_.members().size()))];
    if (member.has_ended) return;
    if (Random(2) == 0) return member.session->Close(EndReason::kClientGone);
    crowd_.fan_outs().ServePending(*member.session);
    member.session->End(EndReason::kDrain, tests::DataFrame("end"), /*keeps_queue=*/true);
  }

  // Often several at once with one target, so that they share a block.
  void AddSome() {
    const Target target = RandomTarget();
    const Filter filter = RandomFilter();
    const unsigned count = Random(4) == 0 ? 1 + Random(6) : 1;
    for (unsigned i = 0; i < count; ++i) Add(target, filter);
    if (Random(3) > 0) crowd_.fan_outs().Start();
  }

  void Add(const Target& target, const Filter& filter) {
    const std::size_t number = events_.size();
    events_.emplace_back();
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      if (IsFor(*crowd_.members()[i], target, filter.get())) {
        expected_[i].push_back(static_cast<int>(number));
      }
    }
    const std::string padding(Random(20) == 0 ? 3000 : Random(60), 'x');
    crowd_.fan_outs().Add(
        {target, tests::DataEvent(std::to_string(number) + " " + padding, number + 1, filter),
         std::make_shared<FanOutReceipt>(1, [this, number](FanOutResult result) {
           EXPECT_FALSE(events_[number].has_value()) << "acknowledged twice";
           events_[number] = result;
         })});
    if (events_.size() % 25 == 0) ReadAll();
  }

  Target RandomTarget() {
    switch (Random(7)) {
      case 0:
        return {Target::Kind::kAll, ""};
      case 1:
        return {Target::Kind::kGroup, "medium"};
      case 2:
        return {Target::Kind::kGroup, "small"};
      case 3:
        return {Target::Kind::kGroup, "tiny"};
      case 4:
        return {Target::Kind::kClient, "c" + std::to_string(Random(42))};
      default:
        return {Target::Kind::kGroup, "big"};
    }
  }

  Filter RandomFilter() {
    const unsigned choice = Random(12);
    if (choice > 2) return nullptr;
    DeliveryFilter filter;
    if (choice == 0) filter.group = Random(2) == 0 ? "medium" : "small";
    if (choice == 1) filter.except_client_ids = {"c" + std::to_string(Random(40)), "c1"};
    if (choice == 2) {
      filter.connection_id =
          crowd_.members()[Random(static_cast<unsigned>(crowd_.members().size()))]->id;
    }
    return std::make_shared<const DeliveryFilter>(filter);
  }

  static bool IsIn(const Member& member, const std::string& group) {
    return std::find(member.groups.begin(), member.groups.end(), group) != member.groups.end();
  }

  static bool IsFor(const Member& member, const Target& target, const DeliveryFilter* filter) {
    if (member.has_ended) return false;
    if (target.kind == Target::Kind::kClient && member.client_id != target.name) return false;
    if (target.kind == Target::Kind::kGroup && !IsIn(member, target.name)) return false;
    if (filter == nullptr) return true;
    if (!filter->group.empty() && !IsIn(member, filter->group)) return false;
    if (filter->except_client_ids.contains(member.client_id)) return false;
    return !filter->connection_id.has_value() || *filter->connection_id == member.id;
  }

  // Stuck members are read at the very end, which is too late for some. True if anything came.
  bool ReadAll(bool with_stuck = false) {
    bool has_come = false;
    crowd_.Turn();
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      if (is_stuck_[i] && !with_stuck) continue;
      const std::string bytes = crowd_.Read(*crowd_.members()[i]);
      has_come |= !bytes.empty();
      for (const auto& event : parsers_[i].Feed(bytes)) {
        if (event.data == "end" || event.event == "sluice.end") continue;
        received_[i].push_back(std::stoi(event.data));
      }
    }
    crowd_.Turn();
    return has_come;
  }

  static std::size_t DeliveredTo(const Member& member) {
    return member.session == nullptr ? member.delivered : member.session->delivered_count();
  }

  void CheckMember(std::size_t i) {
    const Member& member = *crowd_.members()[i];
    const std::vector<int>& received = received_[i];
    ASSERT_LE(received.size(), expected_[i].size()) << "member " << i;
    ASSERT_TRUE(std::equal(received.begin(), received.end(), expected_[i].begin()))
        << "member " << i << " got " << testing::PrintToString(received) << " instead of "
        << testing::PrintToString(expected_[i]);
    const bool lost_its_queue = member.has_ended && member.end_reason != EndReason::kDrain;
    if (lost_its_queue) {
      ASSERT_LE(received.size(), DeliveredTo(member)) << "member " << i;
    } else {
      ASSERT_EQ(received.size(), DeliveredTo(member)) << "member " << i;
    }
    if (!member.has_ended) {
      ASSERT_EQ(received.size(), expected_[i].size()) << "member " << i << " missed events";
    }
  }

  std::size_t QueuedCost() {
    std::size_t cost = 0;
    for (const auto& member : crowd_.members()) {
      if (member->session != nullptr) cost += member->session->queued_cost();
    }
    return cost;
  }

  std::mt19937 random_;
  SessionCrowd crowd_;
  std::vector<std::optional<FanOutResult>> events_;  // Null until it is acknowledged.
  // By member:
  std::vector<bool> is_stuck_;
  std::vector<std::vector<int>> expected_;
  std::vector<std::vector<int>> received_;
  std::vector<EventStreamParser> parsers_;
};

class FanOutModelTest : public testing::TestWithParam<unsigned> {};

TEST_P(FanOutModelTest, GivesEachSessionItsEventsInOrderOnceAndCountsThem) {
  const unsigned seed = GetParam();
  FanOutModel model(seed, 1 + (seed % 3 == 0 ? 80 : 150 * (seed % 5)));
  for (int step = 0; step < 400; ++step) model.Step();
  model.Finish();
  model.Check();
}

INSTANTIATE_TEST_SUITE_P(Seeds, FanOutModelTest, testing::Range(1U, 41U));

}  // namespace
}  // namespace sluice
