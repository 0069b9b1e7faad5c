#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "edge/base/clock.h"
#include "edge/edge.h"
#include "tests/support/http/event_stream_client.h"
#include "tests/support/stream/frames.h"
#include "tests/support/stream/recording_observer.h"

namespace sluice::tests {

// A real edge on a free port, with the test in the place of the control plane.
// Thread: one thread.
class EdgeBench {
 public:
  static EdgeOptions Options() {
    EdgeOptions options;
    options.http = {boost::asio::ip::address_v4::loopback(), 0};
    options.shards = 2;
    options.replica_id = "r1";
    return options;
  }

  explicit EdgeBench(EdgeOptions options = Options(), EdgeGuards guards = {}) {
    auto edge = Edge::Start(std::move(options), clock_, observer_, guards);
    EXPECT_TRUE(edge.ok()) << edge.status();
    edge_ = *std::move(edge);
  }

  int port() const { return edge_->address().port(); }
  Edge& edge() { return *edge_; }
  RecordingObserver& observer() { return observer_; }

  std::shared_ptr<EventStream> Open(const std::string& query,
                                    const std::vector<std::string>& headers = {}) {
    return client_.Open(port(), GetEvents("/events" + query, headers));
  }

  // Lets the next stream that came go live; its connection.
  OpenedConnection GoLive() {
    const auto opened = observer_.WaitForOpened(live_count_++);
    EXPECT_TRUE(opened.has_value()) << "no stream came";
    if (!opened.has_value()) return {};
    GoLive(opened->id);
    return *opened;
  }

  void GoLive(ConnectionId id) {
    ReplayPage page;
    page.opening = Opening{position_.ToString(), false};
    page.live = ReplayPage::Live{position_, order_};
    edge_->Replay(id, std::move(page), [] {});
  }

  // Delivers to both shards and waits for the result.
  FanOutResult Deliver(const Target& target, const std::string& data,
                       std::shared_ptr<const DeliveryFilter> filter = nullptr) {
    Watched<std::pair<bool, FanOutResult>> answer;
    edge_->Deliver({0, 1}, target, Event(data, std::move(filter)), [&answer](FanOutResult result) {
      answer.Update([result](auto& value) { value = {true, result}; });
    });
    EXPECT_TRUE(answer.WaitFor([](const auto& value) { return value.first; }, kPatience));
    return answer.Copy().second;
  }

  // The next event.
  OrderedEvent Event(const std::string& data,
                     std::shared_ptr<const DeliveryFilter> filter = nullptr) {
    return DataEvent(data, ++order_, std::move(filter));
  }

  std::vector<ConnectionDescription> Describe(const std::vector<ConnectionId>& ids) {
    Watched<std::pair<bool, std::vector<ConnectionDescription>>> answer;
    edge_->Describe(ids, [&answer](std::vector<ConnectionDescription> descriptions) {
      answer.Update([&](auto& value) { value = {true, std::move(descriptions)}; });
    });
    EXPECT_TRUE(answer.WaitFor([](const auto& value) { return value.first; }, kPatience));
    return answer.Copy().second;
  }

  const EventNumber& position() const { return position_; }

 private:
  SystemClock clock_;
  RecordingObserver observer_;
  std::unique_ptr<Edge> edge_;
  EventStreamClient client_;
  std::size_t live_count_ = 0;
  std::uint64_t order_ = 0;
  EventNumber position_ = {{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}, 1'700'000'000'000'000};
};

}  // namespace sluice::tests
