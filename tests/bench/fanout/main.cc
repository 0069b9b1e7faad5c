// Measures what an event costs on its way to many browsers, against a loop that only sends.
#include <CLI/CLI.hpp>
#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/fanout/bench_server.h"
#include "tests/bench/fanout/nchan_server.h"
#include "tests/bench/fanout/receiver.h"
#include "tests/bench/fanout/send_loop.h"
#include "tests/bench/measure/latency_histogram.h"
#include "tests/bench/measure/worker.h"

namespace sluice::bench {
namespace {

struct Options {
  int connections = 10'000;
  int events = 50;
  int rounds = 5;
  int data_bytes = 200;
  int shards = 1;
  int calls = 300;
  int sparse_calls = 20;
  bool has_nchan = false;
};

// The sets of streams that every receiver holds, and what shows that a stream of them has begun.
struct Set {
  int number;
  const char* begin_mark;
};
constexpr Set kLoopSet = {0, "sluice.open"};
constexpr Set kSluiceSet = {1, "sluice.open"};
constexpr Set kNchanSet = {2, "200"};
// A receiver holds all sets within 20,000 files.
constexpr int kStreamsPerReceiver = 6'000;

struct Way {
  std::string name;
  std::vector<double> deliveries_per_cpu_second;
  LatencyHistogram latency;
  std::int64_t lost = 0;
  std::int64_t doubled = 0;

  double Median() const {
    std::vector<double> sorted = deliveries_per_cpu_second;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options), loop_(StartSendLoop()) {
    const int receivers = (options.connections + kStreamsPerReceiver - 1) / kStreamsPerReceiver;
    for (int i = 0; i < receivers; ++i) receivers_.push_back(StartReceiver());
    // Workers are forked before the server's client makes threads.
    server_ = std::make_unique<BenchServer>(options.shards);
    if (options.has_nchan) nchan_ = std::make_unique<NchanServer>();
  }

  void Run() {
    const std::string frame = server_->CaptureFrame(options_.data_bytes);
    loop_.Ask("frame " + absl::BytesToHexString(frame));
    OpenStreams();
    Way one = {"send() loop, 1 event a call"};
    Way eight = {"send() loop, 8 events a call"};
    Way single = {"Sluice, one event at a time"};
    Way burst = {absl::StrCat("Sluice, burst of ", options_.events)};
    Way peer = {"nchan, one event at a time"};
    for (int round = 0; round < options_.rounds; ++round) {
      RunLoop(one, 1);
      RunSluice(single, /*waits=*/true);
      RunLoop(eight, 8);
      RunSluice(burst, /*waits=*/false);
      if (nchan_ != nullptr) RunNchan(peer);
    }
    std::vector<Way*> ways = {&one, &single, &eight, &burst};
    if (nchan_ != nullptr) ways.push_back(&peer);
    PrintFanOut(frame.size(), ways);
    TimeCalls();
    for (const Way* way : ways) {
      if (way->lost != 0 || way->doubled != 0) Die("events were lost or doubled: " + way->name);
    }
  }

 private:
  void OpenStreams() {
    const std::string port = loop_.Ask("listen");
    loop_.Send(absl::StrCat("accept ", options_.connections));
    Connect(kLoopSet, port);
    loop_.Receive();
    std::printf(
        "| server | streams opened a second | a CPU-second | user memory a stream, bytes "
        "|\n|---|---|---|---|\n");
    OpenMeasured("Sluice", kSluiceSet, server_->http_port(), server_->pid());
    if (nchan_ != nullptr) OpenMeasured("nchan", kNchanSet, nchan_->port(), nchan_->pid());
    std::printf("\n");
  }

  void OpenMeasured(const char* name, const Set& set, int port, pid_t pid) {
    const std::int64_t before = UserMemoryBytes(pid);
    const std::int64_t cpu_before = CpuNanoseconds(pid);
    const std::int64_t begin = NowNanoseconds();
    Connect(set, absl::StrCat(port));
    const double cpu_seconds = static_cast<double>(CpuNanoseconds(pid) - cpu_before) / 1e9;
    const double seconds = static_cast<double>(NowNanoseconds() - begin) / 1e9;
    std::printf("| %s | %.0f | %.0f | %lld |\n", name, options_.connections / seconds,
                options_.connections / cpu_seconds,
                static_cast<long long>((UserMemoryBytes(pid) - before) / options_.connections));
  }

  void Connect(const Set& set, const std::string& port) {
    const int count = static_cast<int>(receivers_.size());
    for (int i = 0; i < count; ++i) {
      const int streams = options_.connections / count + (i < options_.connections % count ? 1 : 0);
      receivers_[static_cast<std::size_t>(i)].Send(absl::StrCat("connect ", set.number, " ", port,
                                                                " ", streams, " 127.0.", i + 1,
                                                                ".1 ", set.begin_mark));
    }
    for (Worker& receiver : receivers_) receiver.Receive();
  }

  void RunLoop(Way& way, int per_call) {
    Measure(way, kLoopSet, loop_.pid(), options_.events,
            [&](int events) { loop_.Ask(absl::StrCat("run ", events, " ", per_call)); });
  }

  void RunSluice(Way& way, bool waits) {
    Measure(way, kSluiceSet, server_->pid(), options_.events,
            [&](int events) { server_->Broadcast(events, options_.data_bytes, waits); });
  }

  // nchan answers before its subscribers have the event, so each event is waited for at the
  // receivers: otherwise several would share a send.
  void RunNchan(Way& way) {
    Measure(way, kNchanSet, nchan_->pid(), 1,
            [&](int events) { nchan_->Broadcast(events, options_.data_bytes); });
  }

  // Publishes a round's events, so many at a time as `publish` is told, and waits for them at the
  // receivers before the next.
  template <typename Publish>
  void Measure(Way& way, const Set& set, pid_t pid, int at_a_time, Publish publish) {
    for (Worker& receiver : receivers_) receiver.Ask(absl::StrCat("reset ", set.number));
    const std::int64_t cpu_before = CpuNanoseconds(pid);
    std::vector<std::string> answers;
    for (int events = at_a_time; events <= options_.events; events += at_a_time) {
      answers.clear();
      for (Worker& receiver : receivers_) {
        receiver.Send(absl::StrCat("await ", set.number, " ", events, " 60000"));
      }
      publish(at_a_time);
      for (Worker& receiver : receivers_) answers.push_back(receiver.Receive());
    }
    const double cpu_seconds = static_cast<double>(CpuNanoseconds(pid) - cpu_before) / 1e9;
    std::int64_t total = 0;
    for (const std::string& answer : answers) {
      const std::vector<std::string> words = absl::StrSplit(answer, ' ');
      total += std::atoll(words.at(0).c_str());
      if (std::atoll(words.at(2).c_str()) > options_.events) ++way.doubled;
      way.latency.Merge(LatencyHistogram::Parse(words.at(3)));
    }
    way.deliveries_per_cpu_second.push_back(static_cast<double>(total) / cpu_seconds);
    way.lost += static_cast<std::int64_t>(options_.connections) * options_.events - total;
  }

  void PrintFanOut(std::size_t frame_bytes, const std::vector<Way*>& ways) {
    std::printf(
        "%d connections, %d events of %d bytes (%zu on the wire), %d rounds, %d shard(s)\n\n",
        options_.connections, options_.events, options_.data_bytes, frame_bytes, options_.rounds,
        options_.shards);
    std::printf("| way | deliveries a CPU-second | ratio | p50 ms | p99 ms | max ms | lost |\n");
    std::printf("|---|---|---|---|---|---|---|\n");
    const double base = ways.front()->Median();
    for (const Way* way : ways) {
      std::printf("| %s | %.0f | %.2f | %.1f | %.1f | %.1f | %lld |\n", way->name.c_str(),
                  way->Median(), way->Median() / base, Milliseconds(way->latency.Quantile(0.5)),
                  Milliseconds(way->latency.Quantile(0.99)), Milliseconds(way->latency.max()),
                  static_cast<long long>(way->lost));
    }
    std::fflush(stdout);
  }

  void TimeCalls() {
    std::printf("\n| SendToClient, round trip | p50 ms | p99 ms | max ms |\n|---|---|---|---|\n");
    const std::string client_id = "c127.0.1.1-0";
    PrintCalls("nothing else runs", server_->TimeSendToClient(options_.calls, 2, client_id));
    std::atomic<bool> goes_on =
        true;  // Written here, read by the broadcaster; guards nothing else.
    std::thread broadcaster([&] {
      while (goes_on) server_->Broadcast(4, options_.data_bytes, /*waits=*/true);
    });
    PrintCalls(absl::StrCat("while broadcasts to ", options_.connections, " run"),
               server_->TimeSendToClient(options_.calls, 5, client_id));
    goes_on = false;
    broadcaster.join();
    PrintCalls("1.5 s apart", server_->TimeSendToClient(options_.sparse_calls, 1500, client_id));
  }

  static void PrintCalls(const std::string& name, const LatencyHistogram& latency) {
    std::printf("| %s (%llu calls) | %.2f | %.2f | %.2f |\n", name.c_str(),
                static_cast<unsigned long long>(latency.count()),
                Milliseconds(latency.Quantile(0.5)), Milliseconds(latency.Quantile(0.99)),
                Milliseconds(latency.max()));
    std::fflush(stdout);
  }

  static double Milliseconds(std::int64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e6;
  }

  const Options options_;
  Worker loop_;
  std::vector<Worker> receivers_;
  std::unique_ptr<BenchServer> server_;
  std::unique_ptr<NchanServer> nchan_;  // Null: not measured.
};

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  sluice::bench::Options options;
  CLI::App app("Fan-out: a bare send() loop and Sluice, side by side in one run");
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 1'000'000));
  app.add_option("--events", options.events, "Events a round")->check(CLI::Range(1, 1000));
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 1000));
  app.add_option("--size", options.data_bytes, "Bytes of data an event")
      ->check(CLI::Range(21, 65'000));
  app.add_option("--shards", options.shards)->check(CLI::Range(1, 256));
  app.add_option("--calls", options.calls, "Unary calls timed")->check(CLI::Range(1, 100'000));
  app.add_option("--sparse-calls", options.sparse_calls)->check(CLI::Range(1, 1000));
  app.add_flag("--nchan", options.has_nchan, "Measure nginx with nchan too (libnginx-mod-nchan)");
  CLI11_PARSE(app, argc, argv);
  if (options.has_nchan && !sluice::bench::NchanServer::IsInstalled()) {
    sluice::bench::Die("nchan is not installed; apt-get install nginx libnginx-mod-nchan");
  }
  sluice::bench::RaiseFileLimit();
  sluice::bench::Bench(options).Run();
  return 0;
}
