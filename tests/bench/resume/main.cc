// Measures how soon thousands of streams that come back at once have what they missed, and what
// live events wait meanwhile.
#include <CLI/CLI.hpp>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <grpcpp/grpcpp.h>
#include <sluice/v1/control_service.grpc.pb.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/measure/latency_histogram.h"
#include "tests/bench/measure/worker.h"
#include "tests/support/control_stub.h"
#include "tests/support/http/event_stream_client.h"
#include "tests/support/process/server_process.h"
#include "tests/support/redis/redis_server.h"

namespace sluice::bench {
namespace {

using tests::EventStream;
using tests::ReceivedEvent;

struct Options {
  int streams = 5'000;
  int missed = 100;
  int live = 100;
};

// The browsers that go and come back: `open PORT COUNT`, `close`, `reopen PORT EVENTS`.
class Pages {
 public:
  std::string Handle(const std::vector<std::string>& words) {
    if (words.at(0) == "close") {
      for (const auto& stream : streams_) stream->Close();
      for (const auto& stream : streams_) stream->WaitForEnd();
      return "ok";
    }
    if (words[0] == "open") last_ids_.resize(std::stoul(words.at(2)));
    const int port = std::stoi(words.at(1));
    const int events = words[0] == "open" ? 0 : std::stoi(words.at(2));
    streams_.clear();
    for (std::size_t i = 0; i < last_ids_.size(); ++i) {
      tests::StreamRequest request = tests::GetEvents(
          absl::StrCat("/events?client_id=page-", i, "&group=news",
                       last_ids_[i].empty() ? "" : "&last_event_id=", last_ids_[i]));
      request.keep_events = false;
      // On the client's thread; read by Handle once it has waited for the events.
      request.on_event = [this, i](const ReceivedEvent& event) {
        last_ids_[i] = event.last_event_id;
      };
      streams_.push_back(client_.Open(port, std::move(request)));
    }
    for (const auto& stream : streams_) {
      if (!stream->WaitForEventCount(1 + events)) return "error a stream has not got everything";
    }
    return "ok";
  }

 private:
  std::vector<std::string> last_ids_;
  std::vector<std::shared_ptr<EventStream>> streams_;
  tests::EventStreamClient client_;
};

// An event every 10 ms to a group of streams that stay, until it is told to stop.
class LiveGroup {
 public:
  LiveGroup(const tests::ServerProcess& replica, int count)
      : control_(tests::NewControlStub(replica.GrpcAddress())) {
    for (int i = 0; i < count; ++i) {
      tests::StreamRequest request =
          tests::GetEvents(absl::StrCat("/events?group=live&group=news&client_id=live-", i));
      request.keep_events = false;
      request.on_event = [this](const ReceivedEvent& event) {
        std::int64_t sent = 0;
        if (event.event != "message" || !absl::SimpleAtoi(event.data, &sent)) return;
        const std::lock_guard lock(mutex_);
        latency_.Add(NowNanoseconds() - sent);
      };
      streams_.push_back(client_.Open(replica.http_port(), std::move(request)));
    }
    for (const auto& stream : streams_) {
      if (!stream->WaitForEventCount(1)) Die("a live stream did not open");
    }
    publisher_ = std::thread([this] { Publish(); });
  }
  ~LiveGroup() {
    is_stopping_ = true;
    publisher_.join();
  }

  // Since the last call.
  LatencyHistogram Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(latency_, {});
  }

 private:
  void Publish() {
    while (!is_stopping_) {
      v1::SendToGroupRequest request;
      request.set_group("live");
      request.mutable_event()->set_data(absl::StrCat(NowNanoseconds()));
      request.mutable_options()->set_ephemeral(true);
      v1::SendToGroupResponse response;
      grpc::ClientContext context;
      if (!control_->SendToGroup(&context, request, &response).ok()) Die("a live event failed");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  const std::unique_ptr<v1::ControlService::Stub> control_;
  std::mutex mutex_;
  LatencyHistogram latency_;
  std::atomic<bool> is_stopping_{false};
  std::vector<std::shared_ptr<EventStream>> streams_;
  tests::EventStreamClient client_;
  std::thread publisher_;
};

double Milliseconds(std::int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e6;
}

// `away`: how long nobody is there. Replicas hold the channels of who left for a second.
void Run(const Options& options, Worker& pages, const char* name, std::chrono::seconds away) {
  const tests::RedisServer redis;
  const tests::ServerProcess replica({"--redis-url=" + redis.Url(), "--shards=1"});
  if (!replica.IsListening()) Die(replica.Log());
  const auto control = tests::NewControlStub(replica.GrpcAddress());
  LiveGroup live(replica, options.live);
  const std::string port = std::to_string(replica.http_port());
  const auto ask = [&pages](const std::string& command) {
    const std::string answer = pages.Ask(command);
    if (answer != "ok") Die(answer);
  };
  ask(absl::StrCat("open ", port, " ", options.streams));
  live.Take();
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const LatencyHistogram quiet = live.Take();
  ask("close");
  for (int i = 0; i < options.missed; ++i) {
    v1::SendToGroupRequest request;
    request.set_group("news");
    request.mutable_event()->set_data(std::string(200, 'x'));
    v1::SendToGroupResponse response;
    grpc::ClientContext context;
    if (!control->SendToGroup(&context, request, &response).ok()) Die("an event failed");
  }
  std::this_thread::sleep_for(away);
  live.Take();
  const std::int64_t begin = NowNanoseconds();
  ask(absl::StrCat("reopen ", port, " ", options.missed));
  const double resumed_s = static_cast<double>(NowNanoseconds() - begin) / 1e9;
  const LatencyHistogram busy = live.Take();
  std::printf("| %s | %.2f | %.0f | %.1f | %.1f | %.1f | %.1f |\n", name, resumed_s,
              options.streams * options.missed / resumed_s, Milliseconds(quiet.Quantile(0.5)),
              Milliseconds(quiet.Quantile(0.99)), Milliseconds(busy.Quantile(0.5)),
              Milliseconds(busy.Quantile(0.99)));
  ask("close");
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  using sluice::bench::Worker;
  sluice::bench::Options options;
  CLI::App app("Streams that come back at once, and live events meanwhile");
  app.add_option("--streams", options.streams)->check(CLI::Range(1, 19'000));
  app.add_option("--missed", options.missed, "Events that each has missed")
      ->check(CLI::Range(1, 256));
  app.add_option("--live", options.live, "Streams that stay")->check(CLI::Range(1, 1'000));
  CLI11_PARSE(app, argc, argv);
  sluice::bench::RaiseFileLimit();
  Worker pages([] {
    const auto held = std::make_shared<sluice::bench::Pages>();
    return [held](const std::vector<std::string>& words) { return held->Handle(words); };
  });
  std::printf("%d streams come back at once, each missed %d events of 200 bytes\n\n",
              options.streams, options.missed);
  std::printf(
      "| they come back | all have it after, s | events a second | live p50 ms "
      "before | p99 | p50 ms meanwhile | p99 |\n|---|---|---|---|---|---|---|\n");
  sluice::bench::Run(options, pages, "at once, to what the replica holds", std::chrono::seconds(0));
  sluice::bench::Run(options, pages, "after 3 s, by a read of Redis each", std::chrono::seconds(3));
  return 0;
}
