#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/cluster/cluster_fixture.h"
#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

// A browser's page: keeps its last id, and comes back with it to any replica.
struct Page {
  std::string client_id;
  std::string group;
  std::shared_ptr<EventStream> stream;
  std::string last_id;
  std::vector<ReceivedEvent> log;  // Of its earlier streams.

  std::string Query() const {
    const std::string query = "client_id=" + client_id + "&group=" + group;
    return last_id.empty() ? query : query + "&last_event_id=" + last_id;
  }

  void Close() {
    stream->Close();
    for (const ReceivedEvent& event : stream->Log().events) {
      log.push_back(event);
      if (!event.last_event_id.empty()) last_id = event.last_event_id;
    }
    stream = nullptr;
  }

  std::vector<ReceivedEvent> Events() const {
    std::vector<ReceivedEvent> events = log;
    if (stream != nullptr) {
      const StreamLog now = stream->Log();
      events.insert(events.end(), now.events.begin(), now.events.end());
    }
    return events;
  }
};

// Sends without a pause to everybody, to groups and to clients, and writes down what was answered.
class Sender {
 public:
  struct Sent {
    std::string id;
    std::string data;
    std::string client_id;  // Empty: not to a client.
    std::string group;      // Empty: not to a group.
  };

  Sender(v1::ControlService::Stub& stub, int seed) : stub_(stub), random_(seed) {
    thread_ = std::thread([this] {
      while (!is_over_.load()) SendOne();
    });
  }
  ~Sender() { Stop(); }

  void Stop() {
    is_over_ = true;
    if (thread_.joinable()) thread_.join();
  }

  int count() const { return count_.load(); }
  // After Stop: what was accepted, by id; and the data of what may have been.
  const std::map<std::string, Sent>& accepted() const { return accepted_; }
  const std::set<std::string>& doubtful() const { return doubtful_; }

 private:
  void SendOne() {
    Sent sent;
    sent.data = std::to_string(count_.load());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    v1::DeliveryOptions options;
    options.set_confirmation(v1::CONFIRMATION_PUBLISHED);
    grpc::Status status;
    v1::Delivery delivery;
    const unsigned dice = random_() % 4;
    if (dice == 0) {
      v1::BroadcastRequest request;
      request.mutable_event()->set_data(sent.data);
      *request.mutable_options() = options;
      v1::BroadcastResponse response;
      status = stub_.Broadcast(&context, request, &response);
      delivery = response.delivery();
    } else if (dice == 1) {
      sent.group = "g" + std::to_string(random_() % 2);
      v1::SendToGroupRequest request;
      request.set_group(sent.group);
      request.mutable_event()->set_data(sent.data);
      *request.mutable_options() = options;
      v1::SendToGroupResponse response;
      status = stub_.SendToGroup(&context, request, &response);
      delivery = response.delivery();
    } else {
      sent.client_id = "c" + std::to_string(random_() % 6);
      v1::SendToClientRequest request;
      request.set_client_id(sent.client_id);
      request.mutable_event()->set_data(sent.data);
      *request.mutable_options() = options;
      v1::SendToClientResponse response;
      status = stub_.SendToClient(&context, request, &response);
      delivery = response.delivery();
    }
    if (status.ok()) {
      sent.id = delivery.event_id();
      accepted_[sent.id] = sent;
    } else {
      doubtful_.insert(sent.data);
    }
    ++count_;
  }

  v1::ControlService::Stub& stub_;
  std::mt19937 random_;
  std::atomic<bool> is_over_{false};
  std::atomic<int> count_{0};
  std::map<std::string, Sent> accepted_;
  std::set<std::string> doubtful_;
  std::thread thread_;
};

class ResumeStorm : public ClusterTest {
 protected:
  static constexpr int kRounds = 150;
  static constexpr int kSentPerRound = 10;

  void OpenPages() {
    for (int i = 0; i < 6; ++i) {
      Page& page = pages_.emplace_back();
      page.client_id = "c" + std::to_string(i);
      page.group = "g" + std::to_string(i % 2);
      Reopen(page, static_cast<std::size_t>(i % 2));
    }
  }

  void Reopen(Page& page, std::size_t replica_index) {
    page.stream = ClusterTest::Open(replica_index, page.Query());
  }

  // Pages come and go while subscriptions break now and then.
  void Storm(Sender& sender, const std::vector<std::size_t>& replicas) {
    for (int round = 0; round < kRounds && !HasFailure(); ++round) {
      AwaitSome(sender);
      Page& page = pages_[random_() % pages_.size()];
      page.Close();
      if (random_() % 2 == 0) AwaitSome(sender);
      Reopen(page, replicas[random_() % replicas.size()]);
      if (random_() % 10 == 0) Redis({"CLIENT", "KILL", "TYPE", "pubsub"});
    }
  }

  static void AwaitSome(const Sender& sender) {
    const int before = sender.count();
    ASSERT_TRUE(Eventually([&] { return sender.count() >= before + kSentPerRound; }));
  }

  // What the page must have got since it first opened, in order.
  static std::vector<std::string> Expected(const Page& page, const Sender& sender,
                                           const std::string& joined) {
    std::vector<std::string> data;
    for (const auto& [id, sent] : sender.accepted()) {
      if (id <= joined) continue;
      const bool is_for_it = (sent.client_id.empty() && sent.group.empty()) ||
                             sent.client_id == page.client_id || sent.group == page.group;
      if (is_for_it) data.push_back(sent.data);
    }
    return data;
  }

  static std::vector<std::string> Got(const Page& page, const Sender& sender) {
    std::vector<std::string> data;
    for (const ReceivedEvent& event : page.Events()) {
      const bool is_own = event.event.rfind("sluice.", 0) == 0;
      if (!is_own && !sender.doubtful().contains(event.data)) data.push_back(event.data);
    }
    return data;
  }

  // Where what it got departs from what it must have got, with what happened around it.
  static std::string Difference(const Page& page, const Sender& sender,
                                const std::vector<std::string>& expected) {
    const auto got = Got(page, sender);
    std::size_t at = 0;
    while (at < got.size() && at < expected.size() && got[at] == expected[at]) ++at;
    std::string text = "expected " + (at < expected.size() ? expected[at] : "nothing") + ", got " +
                       (at < got.size() ? got[at] : "nothing") + " in\n";
    const std::vector<ReceivedEvent> events = page.Events();
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (at < got.size() && events[i].data != got[at]) continue;
      for (std::size_t j = i < 12 ? 0 : i - 12; j < std::min(i + 5, events.size()); ++j) {
        text +=
            "  " + events[j].event + " " + events[j].last_event_id + " " + events[j].data + "\n";
      }
      break;
    }
    for (const auto& [id, sent] : sender.accepted()) {
      if (at < expected.size() && sent.data == expected[at])
        text += "the missing one: " + id + "\n";
    }
    return text;
  }

  void Verify(const Sender& sender) {
    for (const Page& page : pages_) {
      SCOPED_TRACE(page.client_id);
      const std::vector<ReceivedEvent> events = page.Events();
      ASSERT_FALSE(events.empty());
      const auto expected = Expected(page, sender, events.front().last_event_id);
      Eventually([&] { return Got(page, sender).size() >= expected.size(); }, absl::Seconds(10));
      EXPECT_TRUE(Got(page, sender) == expected) << Difference(page, sender, expected);
      for (const ReceivedEvent& event : page.Events()) {
        EXPECT_NE(event.event, "sluice.gap") << event.data;
      }
    }
  }

  std::vector<Page> pages_;
  std::mt19937 random_{20261126};
};

TEST_F(ResumeStorm, PagesThatComeBackToAnyReplicaGetEverythingOnceAndInOrder) {
  StartReplica({"--history-size", "5000"});
  StartReplica({"--history-size", "5000"});
  OpenPages();
  Sender sender(control(0), 7);
  Storm(sender, {0, 1});
  sender.Stop();
  Verify(sender);
}

TEST_F(ResumeStorm, ARollingRestartLosesNothing) {
  const std::vector<std::string> flags = {"--history-size", "5000", "--drain", "500ms"};
  for (int i = 0; i < 3; ++i) StartReplica(flags);
  OpenPages();
  Sender sender(control(2), 9);
  for (const std::size_t leaving : {0, 1}) {
    AwaitSome(sender);
    const std::size_t next = leaving + 1;
    for (Page& page : pages_) {
      page.Close();
      Reopen(page, leaving);
    }
    replica(leaving).process().Signal(SIGTERM);
    for (Page& page : pages_) {
      ASSERT_TRUE(page.stream->WaitForEvent("sluice.end").has_value());
      page.Close();
      Reopen(page, next);
    }
    EXPECT_EQ(replica(leaving).process().Wait(absl::Seconds(30)), ExitStatus{});
  }
  AwaitSome(sender);
  sender.Stop();
  Verify(sender);
}

TEST_F(ResumeStorm, AKilledReplicaLosesNothing) {
  StartReplica({"--history-size", "5000"});
  StartReplica({"--history-size", "5000"});
  OpenPages();
  Sender sender(control(0), 8);
  Storm(sender, {0, 1});
  replica(1).process().Signal(SIGKILL);
  for (Page& page : pages_) {
    page.Close();
    Reopen(page, 0);
  }
  StartReplica({"--history-size", "5000"});
  Storm(sender, {0, 2});
  sender.Stop();
  Verify(sender);
}

}  // namespace
}  // namespace sluice::tests
