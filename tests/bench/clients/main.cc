// Measures what clients cost: memory of a replica and of Redis, and pages of ListClients among few
// clients and among many, over three replicas.
#include <CLI/CLI.hpp>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <grpcpp/grpcpp.h>
#include <sluice/v1/control_service.grpc.pb.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/measure/worker.h"
#include "tests/support/control_stub.h"
#include "tests/support/http/event_stream_client.h"
#include "tests/support/process/server_process.h"
#include "tests/support/redis/redis_server.h"

namespace sluice::bench {
namespace {

constexpr int kReplicas = 3;

struct Options {
  int few = 600;
  int many = 50'000;
  int pages = 200;
  int records = 2'000;
};

// In a process of its own, because each has only so many files: `open PORT FIRST COUNT`.
Worker::Handle MakeOpener() {
  const auto client = std::make_shared<tests::EventStreamClient>();
  const auto streams = std::make_shared<std::vector<std::shared_ptr<tests::EventStream>>>();
  return [client, streams](const std::vector<std::string>& words) -> std::string {
    const int port = std::atoi(words.at(1).c_str());
    const int first = std::atoi(words.at(2).c_str());
    const int count = std::atoi(words.at(3).c_str());
    const std::size_t before = streams->size();
    for (int i = first; i < first + count; ++i) {
      tests::StreamRequest request = tests::GetEvents(
          absl::StrCat("/events?client_id=client-", 1'000'000 + i, "&group=g", i % 1000));
      request.keep_events = false;
      streams->push_back(client->Open(port, std::move(request)));
      // A backlog of connects at most, as browsers would make.
      if (streams->size() > before + 200) (*streams)[streams->size() - 200]->WaitForEventCount(1);
    }
    for (std::size_t i = before; i < streams->size(); ++i) {
      if (!(*streams)[i]->WaitForEventCount(1)) return "error a stream did not open";
    }
    return "ok";
  };
}

struct PageCost {
  double p50_ms = 0;
  double p99_ms = 0;
  double cpu_us = 0;  // Of all replicas, a page.
  std::int64_t total = 0;
};

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {
    for (int i = 0; i < kReplicas; ++i) openers_.emplace_back(MakeOpener);
    redis_ = std::make_unique<tests::RedisServer>();
    for (int i = 0; i < kReplicas; ++i) {
      replicas_.push_back(std::make_unique<tests::ServerProcess>(std::vector<std::string>{
          "--redis-url=" + redis_->Url(), "--shards=1", absl::StrCat("--replica-id=r", i + 1)}));
      if (!replicas_.back()->IsListening()) Die(replicas_.back()->Log());
    }
    control_ = tests::NewControlStub(replicas_[0]->GrpcAddress());
  }

  void Run() {
    const std::int64_t replicas_empty = ReplicaBytes();
    const std::int64_t redis_empty = RedisBytes();
    OpenTo(options_.few);
    const PageCost few = MeasurePages();
    OpenTo(options_.many);
    const std::int64_t replicas_full = ReplicaBytes();
    const std::int64_t redis_full = RedisBytes();
    const PageCost many = MeasurePages();

    std::printf(
        "| clients, one stream and one group each, over %d replicas | page of 100: p50 ms | "
        "p99 ms | CPU of all replicas, us |\n|---|---|---|---|\n",
        kReplicas);
    for (const PageCost& cost : {few, many}) {
      std::printf("| %lld | %.2f | %.2f | %.0f |\n", static_cast<long long>(cost.total),
                  cost.p50_ms, cost.p99_ms, cost.cpu_us);
    }
    std::printf("\n| memory a client, bytes | in its replica | in Redis |\n|---|---|---|\n");
    std::printf("| connected, no record | %.0f | %.0f |\n",
                PerClient(replicas_full - replicas_empty, options_.many),
                PerClient(redis_full - redis_empty, options_.many));
    const std::int64_t before_replicas = ReplicaBytes();
    const std::int64_t before_redis = RedisBytes();
    for (int i = 0; i < options_.records; ++i) SetRecord(i);
    std::printf("| more with 100 bytes of metadata and one assigned group | %.0f | %.0f |\n",
                PerClient(ReplicaBytes() - before_replicas, options_.records),
                PerClient(RedisBytes() - before_redis, options_.records));
    const std::int64_t before_watch = UserMemoryBytes(replicas_[0]->process().pid());
    grpc::ClientContext context;
    const auto watch = control_->WatchClients(&context, {});
    const std::int64_t begin = NowNanoseconds();
    v1::WatchClientsResponse event;
    while (watch->Read(&event) && !event.has_snapshot_complete()) {
    }
    const double snapshot_s = static_cast<double>(NowNanoseconds() - begin) / 1e9;
    std::printf(
        "| more in the replica that somebody watches by, of all clients | %.0f | |\n\n",
        PerClient(UserMemoryBytes(replicas_[0]->process().pid()) - before_watch, options_.many));
    std::printf("WatchClients: snapshot of %d clients in %.2f s.\n", options_.many, snapshot_s);
    context.TryCancel();
  }

 private:
  static double PerClient(std::int64_t bytes, int clients) {
    return static_cast<double>(bytes) / clients;
  }

  // So many clients in all, evenly over the replicas.
  void OpenTo(int count) {
    const int part = (count - open_) / kReplicas;
    for (int i = 0; i < kReplicas; ++i) {
      openers_[i].Send(
          absl::StrCat("open ", replicas_[i]->http_port(), " ", open_ + i * part, " ", part));
    }
    for (Worker& opener : openers_) {
      const std::string answer = opener.Receive();
      if (answer != "ok") Die(answer);
    }
    open_ += part * kReplicas;
  }

  std::int64_t ReplicaBytes() const {
    std::int64_t bytes = 0;
    for (const auto& replica : replicas_) bytes += UserMemoryBytes(replica->process().pid());
    return bytes;
  }

  std::int64_t RedisBytes() const {
    const std::string info = redis_->Command({"INFO", "memory"}).value_or("");
    std::int64_t bytes = 0;
    const std::size_t at = info.find("used_memory:");
    const std::string number = info.substr(at + 12, info.find('\r', at) - at - 12);
    if (at == std::string::npos || !absl::SimpleAtoi(number, &bytes)) Die("no used_memory");
    return bytes;
  }

  std::int64_t ReplicaCpu() const {
    std::int64_t nanoseconds = 0;
    for (const auto& replica : replicas_) nanoseconds += CpuNanoseconds(replica->process().pid());
    return nanoseconds;
  }

  // Pages from everywhere in the list.
  PageCost MeasurePages() {
    PageCost cost;
    std::vector<double> times_ms;
    v1::ListClientsRequest request;
    request.set_page_size(100);
    const std::int64_t cpu = ReplicaCpu();
    for (int i = 0; i < options_.pages; ++i) {
      v1::ListClientsResponse page;
      grpc::ClientContext context;
      const std::int64_t begin = NowNanoseconds();
      const grpc::Status status = control_->ListClients(&context, request, &page);
      if (!status.ok()) Die(status.error_message());
      times_ms.push_back(static_cast<double>(NowNanoseconds() - begin) / 1e6);
      cost.total = page.total_size();
      request.set_page_token(page.next_page_token());
    }
    cost.cpu_us = static_cast<double>(ReplicaCpu() - cpu) / 1e3 / options_.pages;
    std::sort(times_ms.begin(), times_ms.end());
    cost.p50_ms = times_ms[times_ms.size() / 2];
    cost.p99_ms = times_ms[times_ms.size() * 99 / 100];
    return cost;
  }

  void SetRecord(int i) {
    const std::string client_id = absl::StrCat("client-", 1'000'000 + i);
    v1::SetClientMetadataRequest metadata;
    metadata.set_client_id(client_id);
    (*metadata.mutable_metadata()->mutable_fields())["text"].set_string_value(std::string(89, 'x'));
    v1::SetClientMetadataResponse ignored;
    grpc::ClientContext context;
    if (!control_->SetClientMetadata(&context, metadata, &ignored).ok()) Die("no metadata was set");
    v1::JoinGroupsRequest join;
    join.set_client_id(client_id);
    join.add_groups("assigned");
    v1::JoinGroupsResponse joined;
    grpc::ClientContext join_context;
    if (!control_->JoinGroups(&join_context, join, &joined).ok()) Die("no group was joined");
  }

  const Options options_;
  std::vector<Worker> openers_;
  std::unique_ptr<tests::RedisServer> redis_;
  std::vector<std::unique_ptr<tests::ServerProcess>> replicas_;
  std::unique_ptr<v1::ControlService::Stub> control_;
  int open_ = 0;
};

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  sluice::bench::Options options;
  CLI::App app("What clients cost: memory, and pages of ListClients");
  app.add_option("--few", options.few)->check(CLI::Range(300, 100'000));
  app.add_option("--many", options.many)->check(CLI::Range(300, 1'000'000));
  app.add_option("--pages", options.pages, "How many are measured")->check(CLI::Range(10, 100'000));
  app.add_option("--records", options.records, "Clients that get metadata and a group")
      ->check(CLI::Range(10, 100'000));
  CLI11_PARSE(app, argc, argv);
  sluice::bench::RaiseFileLimit();
  sluice::bench::Bench(options).Run();
  return 0;
}
