#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/stream/edge_bench.h"

namespace sluice {
namespace {

using tests::EdgeBench;
using tests::EventStream;
using tests::StreamLog;

// The control plane in small: lets streams go live as they come and sends numbered events all the
// while, both from one thread.
class NumberedEvents {
 public:
  // `pacer` is the first stream, and live. What it has got says how far the readers are: they share
  // a thread.
  NumberedEvents(EdgeBench& bench, const EventStream& pacer)
      : bench_(bench), pacer_(pacer), thread_([this] { Run(); }) {}
  ~NumberedEvents() { Stop(); }

  void Stop() {
    is_stopping_.store(true);
    if (thread_.joinable()) thread_.join();
  }

  int sent() const { return sent_; }  // After Stop.
  std::int64_t entered() const { return entered_.load(); }

  // False when results never came.
  bool WaitForResults() {
    return results_.WaitFor([this](int count) { return count == sent_; }, tests::kPatience);
  }

 private:
  void Run() {
    std::size_t live = 1;
    while (!is_stopping_.load()) {
      const auto opened = bench_.observer().Copy().opened;
      for (; live < opened.size(); ++live) {
        bench_.GoLive(opened[live].id);
      }
      // At most some are under way, so that no stream becomes slow.
      pacer_.WaitFor([this](const StreamLog& log) { return log.event_count + 8 > sent_; });
      ++sent_;
      bench_.edge().Deliver({0, 1}, {Target::Kind::kAll, ""}, bench_.Event(std::to_string(sent_)),
                            [this](FanOutResult result) {
                              entered_.fetch_add(result.entered);
                              results_.Update([](int& count) { ++count; });
                            });
    }
  }

  EdgeBench& bench_;
  const EventStream& pacer_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::int64_t> entered_{0};
  tests::Watched<int> results_{0};
  int sent_ = 0;
  std::thread thread_;
};

// Numbers of the events that the server did not send by itself.
std::vector<int> NumbersOf(const StreamLog& log) {
  std::vector<int> numbers;
  for (const auto& event : log.events) {
    if (event.event == "message") numbers.push_back(std::stoi(event.data));
  }
  return numbers;
}

void ExpectNoHole(const EventStream& stream) {
  const StreamLog log = stream.Log();
  const std::vector<int> numbers = NumbersOf(log);
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    ASSERT_EQ(numbers[i], numbers[i - 1] + 1) << log.Describe();
  }
}

TEST(EdgeStorm, LosesAndReordersNothingWhileStreamsComeAndGo) {
  constexpr std::size_t kStreams = 200;
  EdgeBench bench;
  const auto pacer = bench.Open("?client_id=pacer");
  bench.GoLive();
  ASSERT_TRUE(pacer->WaitForEvent("sluice.open").has_value());
  NumberedEvents events(bench, *pacer);
  std::vector<std::shared_ptr<EventStream>> streams;
  for (std::size_t i = 0; i < kStreams; ++i) {
    streams.push_back(bench.Open("?client_id=c" + std::to_string(i % 50) + "&group=g"));
    if (i < 20) continue;
    // Some leave at once, some live, some by a reset.
    const auto& leaver = streams[i - 20];
    if (i % 4 == 0) leaver->Close();
    if (i % 4 == 1) leaver->Reset();
    if (i % 4 == 2) {
      ASSERT_TRUE(leaver->WaitForEventCount(3)) << leaver->Log().Describe();
      leaver->Close();
    }
  }
  for (std::size_t i = 0; i < kStreams; ++i) {
    if ((i + 20) % 4 == 3 || i + 20 >= kStreams) {
      ASSERT_TRUE(streams[i]->WaitForEventCount(5)) << streams[i]->Log().Describe();
    }
  }
  events.Stop();
  EXPECT_TRUE(events.WaitForResults());
  EXPECT_TRUE(bench.edge().EndStreams(absl::ZeroDuration(), tests::kPatience));
  for (const auto& stream : streams) ASSERT_TRUE(stream->WaitForEnd());
  for (const auto& stream : streams) ExpectNoHole(*stream);

  const std::size_t opened = bench.observer().Copy().opened.size();
  ASSERT_TRUE(bench.observer().WaitForClosed(opened));
  std::set<ConnectionId> closed;
  for (const auto& [id, reason] : bench.observer().Copy().closed) closed.insert(id);
  EXPECT_EQ(closed.size(), opened) << "each stream is closed once";
  EXPECT_EQ(bench.observer().Copy().closed.size(), opened);
  EXPECT_EQ(bench.edge().connection_count(), 0U);
  // Those that stayed have got everything up to the end; what entered can't be less than came.
  std::int64_t received = 0;
  for (const auto& stream : streams) {
    const std::vector<int> numbers = NumbersOf(stream->Log());
    received += static_cast<std::int64_t>(numbers.size());
    if (stream->Log().Find("sluice.end") != nullptr) {
      EXPECT_EQ(numbers.back(), events.sent());
    }
  }
  EXPECT_GE(events.entered(), received);
}

}  // namespace
}  // namespace sluice
