// Measures what streams see of a rolling restart under traffic: events lost, and how evenly the
// streams of a replica that ends come back to the others.
#include <CLI/CLI.hpp>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <sluice/v1/control_service.grpc.pb.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <queue>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/measure/worker.h"
#include "tests/support/control_stub.h"
#include "tests/support/http/event_stream_client.h"
#include "tests/support/process/server_process.h"
#include "tests/support/redis/redis_server.h"

namespace sluice::bench {
namespace {

using tests::EventStream;
using tests::ReceivedEvent;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kReplicas = 3;

struct Options {
  int streams = 5'000;
  int shutdown_delay_s = 1;
  int drain_s = 10;
  int events_per_second = 50;
};

// Browsers' pages behind a load balancer: each comes back by itself after the time that it was
// told, with its last id, to any replica that is not leaving. Every event's data is the next
// number. `open COUNT PORT PORT PORT`, `leave REPLICA`, `join REPLICA PORT`, `wait NUMBER` until
// all have that event, `report` since the last one.
class Pages {
 public:
  ~Pages() {
    is_stopping_ = true;
    if (opener_.joinable()) opener_.join();
  }

  std::string Handle(const std::vector<std::string>& words) {
    if (words.at(0) == "open") return OpenAll(words);
    if (words[0] == "wait") return WaitFor(std::stoll(words.at(1)));
    const std::lock_guard lock(mutex_);
    if (words[0] == "leave") {
      ports_.erase(std::stoul(words.at(1)));
      reopened_.clear();
      return "ok";
    }
    if (words[0] == "join") {
      ports_[std::stoul(words.at(1))] = std::stoi(words.at(2));
      return "ok";
    }
    return Report();
  }

 private:
  struct Page {
    std::shared_ptr<EventStream> stream;
    std::string last_id;
    std::int64_t next = 0;
  };

  std::string OpenAll(const std::vector<std::string>& words) {
    pages_.resize(std::stoul(words.at(1)));
    for (std::size_t i = 0; i < kReplicas; ++i) ports_[i] = std::stoi(words.at(2 + i));
    {
      const std::lock_guard lock(mutex_);
      for (std::size_t i = 0; i < pages_.size(); ++i) Open(i);
    }
    for (const Page& page : pages_) {
      if (!page.stream->WaitForEventCount(1)) return "error a stream did not open";
    }
    opener_ = std::thread([this] { Reopen(); });
    return "ok";
  }

  // Under the mutex.
  void Open(std::size_t index) {
    Page& page = pages_[index];
    auto port = ports_.begin();
    std::advance(port, static_cast<long>(random_() % ports_.size()));
    tests::StreamRequest request =
        tests::GetEvents(absl::StrCat("/events?group=news&client_id=page-", index,
                                      page.last_id.empty() ? "" : "&last_event_id=", page.last_id));
    request.keep_events = false;
    request.on_event = [this, index](const ReceivedEvent& event) { OnEvent(index, event); };
    page.stream = client_.Open(port->second, std::move(request));
  }

  // On the client's thread.
  void OnEvent(std::size_t index, const ReceivedEvent& event) {
    const std::lock_guard lock(mutex_);
    Page& page = pages_[index];
    page.last_id = event.last_event_id;
    if (event.event == "sluice.gap") ++gaps_;
    if (event.event == "sluice.end") ended_.push_back(index);
    std::int64_t number = 0;
    if (event.event != "message" || !absl::SimpleAtoi(event.data, &number)) return;
    if (number > page.next) lost_ += number - page.next;
    if (number < page.next) ++doubled_;
    page.next = std::max(page.next, number + 1);
  }

  // Opens streams when it is time.
  void Reopen() {
    using Due = std::pair<Clock::time_point, std::size_t>;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due;
    while (!is_stopping_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      const std::lock_guard lock(mutex_);
      const Clock::time_point now = Clock::now();
      for (const std::size_t index : std::exchange(ended_, {})) {
        const auto told = pages_[index].stream->Log().reconnection_time_ms;
        due.emplace(now + std::chrono::milliseconds(told.value_or(3'000)), index);
      }
      for (; !due.empty() && due.top().first <= now; due.pop()) {
        Open(due.top().second);
        reopened_.push_back(now);
      }
    }
  }

  std::string WaitFor(std::int64_t number) {
    for (int i = 0; i < 3'000; ++i) {
      {
        const std::lock_guard lock(mutex_);
        const bool have_all = std::all_of(pages_.begin(), pages_.end(), [number](const Page& page) {
          return page.next > number;
        });
        if (have_all) return "ok";
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return "error a stream has not got everything";
  }

  // Under the mutex: streams that came back, how many in each second from the first on, and what
  // was lost, doubled and told as a gap since the beginning.
  std::string Report() {
    std::vector<int> a_second;
    for (const Clock::time_point at : reopened_) {
      const auto second =
          std::chrono::duration_cast<std::chrono::seconds>(at - reopened_.front()).count();
      a_second.resize(static_cast<std::size_t>(second) + 1);
      ++a_second.back();
    }
    return absl::StrCat(reopened_.size(), " | ", absl::StrJoin(a_second, " "), " | ", lost_, " | ",
                        doubled_, " | ", gaps_);
  }

  std::mutex mutex_;
  std::vector<Page> pages_;
  std::map<std::size_t, int> ports_;
  std::vector<std::size_t> ended_;
  std::vector<Clock::time_point> reopened_;
  std::int64_t lost_ = 0;
  std::int64_t doubled_ = 0;
  std::int64_t gaps_ = 0;
  std::mt19937 random_{20261127};
  std::atomic<bool> is_stopping_{false};
  tests::EventStreamClient client_;
  std::thread opener_;
};

// Numbers to the group of all pages, by way of a replica that is not ending.
class Publisher {
 public:
  explicit Publisher(int events_per_second)
      : pause_(std::chrono::microseconds(1'000'000 / events_per_second)) {}
  ~Publisher() { Stop(); }

  void PublishBy(const tests::ServerProcess& replica) {
    const std::lock_guard lock(mutex_);
    control_ = tests::NewControlStub(replica.GrpcAddress());
  }
  void Start() {
    thread_ = std::thread([this] {
      while (!is_stopping_) {
        Send();
        std::this_thread::sleep_for(pause_);
      }
    });
  }
  // The last number.
  std::int64_t Stop() {
    is_stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return next_ - 1;
  }

 private:
  void Send() {
    const std::lock_guard lock(mutex_);
    v1::SendToGroupRequest request;
    request.set_group("news");
    request.mutable_event()->set_data(absl::StrCat(next_));
    v1::SendToGroupResponse response;
    grpc::ClientContext context;
    const grpc::Status status = control_->SendToGroup(&context, request, &response);
    if (!status.ok()) Die(absl::StrCat("an event failed: ", status.error_message()));
    ++next_;
  }

  const std::chrono::microseconds pause_;
  std::mutex mutex_;
  std::unique_ptr<v1::ControlService::Stub> control_;
  std::int64_t next_ = 0;
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

void Run(const Options& options, Worker& pages) {
  const tests::RedisServer redis;
  const auto start = [&](std::size_t index) {
    auto replica = std::make_unique<tests::ServerProcess>(std::vector<std::string>{
        "--redis-url=" + redis.Url(), absl::StrCat("--replica-id=r", index + 1),
        "--history-size=5000", absl::StrCat("--shutdown-delay=", options.shutdown_delay_s, "s"),
        absl::StrCat("--drain=", options.drain_s, "s")});
    if (!replica->IsListening()) Die(replica->Log());
    return replica;
  };
  const auto ask = [&pages](const std::string& command) {
    const std::string answer = pages.Ask(command);
    if (answer != "ok") Die(answer);
  };
  std::vector<std::unique_ptr<tests::ServerProcess>> replicas;
  std::string ports;
  for (std::size_t i = 0; i < kReplicas; ++i) {
    replicas.push_back(start(i));
    absl::StrAppend(&ports, " ", replicas.back()->http_port());
  }
  ask(absl::StrCat("open ", options.streams, ports));
  Publisher publisher(options.events_per_second);
  publisher.PublishBy(*replicas[1]);
  publisher.Start();
  for (std::size_t i = 0; i < kReplicas; ++i) {
    publisher.PublishBy(*replicas[(i + 1) % kReplicas]);
    ask(absl::StrCat("leave ", i));
    const Clock::time_point begin = Clock::now();
    replicas[i]->process().Signal(SIGTERM);
    const auto status =
        replicas[i]->process().Wait(absl::Seconds(options.shutdown_delay_s + options.drain_s + 30));
    if (!status.has_value()) Die("a replica did not end");
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    // The last to leave still wait for the time that they were told.
    std::this_thread::sleep_for(std::chrono::seconds(5));
    std::printf("| r%zu | %d | %.1f | %s |\n", i + 1, status->code, seconds,
                pages.Ask("report").c_str());
    std::fflush(stdout);
    replicas[i] = start(i);
    ask(absl::StrCat("join ", i, " ", replicas[i]->http_port()));
  }
  const std::int64_t last = publisher.Stop();
  ask(absl::StrCat("wait ", last));
  std::printf("\nAll %d streams have got all %lld events.\n", options.streams,
              static_cast<long long>(last + 1));
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  using sluice::bench::Worker;
  sluice::bench::Options options;
  CLI::App app("A rolling restart of three replicas under traffic");
  app.add_option("--streams", options.streams)->check(CLI::Range(1, 19'000));
  app.add_option("--shutdown-delay", options.shutdown_delay_s, "Seconds")->check(CLI::Range(0, 60));
  app.add_option("--drain", options.drain_s, "Seconds")->check(CLI::Range(1, 300));
  app.add_option("--rate", options.events_per_second, "Events a second to every stream")
      ->check(CLI::Range(1, 1'000));
  CLI11_PARSE(app, argc, argv);
  sluice::bench::RaiseFileLimit();
  Worker pages([] {
    const auto held = std::make_shared<sluice::bench::Pages>();
    return [held](const std::vector<std::string>& words) { return held->Handle(words); };
  });
  std::printf(
      "%d streams on three replicas, %d events a second to each; --shutdown-delay %d s, --drain %d "
      "s\n\n",
      options.streams, options.events_per_second, options.shutdown_delay_s, options.drain_s);
  std::printf(
      "| ended | exit code | after, s | streams that came back | in each second | lost so far | "
      "doubled | gaps |\n|---|---|---|---|---|---|---|---|\n");
  sluice::bench::Run(options, pages);
  return 0;
}
