// Measures streaming Publish through Redis, against the same script over a bare pipelined
// connection, with more replicas that hear everything, and with history off and on.
#include <CLI/CLI.hpp>
#include <absl/strings/str_cat.h>
#include <grpcpp/grpcpp.h>
#include <hiredis/hiredis.h>
#include <sluice/v1/control_service.grpc.pb.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "control/backplane/redis/scripts/redis_scripts.h"
#include "control/message/envelope.h"
#include "tests/bench/measure/worker.h"
#include "tests/support/control_stub.h"
#include "tests/support/http/event_stream_client.h"
#include "tests/support/process/server_process.h"
#include "tests/support/redis/redis_server.h"

namespace sluice::bench {
namespace {

struct Options {
  int events = 50'000;
  int rounds = 5;
  int in_flight = 1'000;
};

struct Way {
  std::string name;
  std::vector<double> events_a_second;

  double Median() const {
    std::vector<double> sorted = events_a_second;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

std::string Data() {
  return std::string(200, 'x');
}

// The publish script on a connection that does nothing else. Nobody is subscribed.
class BarePublisher {
 public:
  // `kept`: how many events the channel's history has; 0: there is none.
  BarePublisher(int port, int kept) : context_(redisConnect("127.0.0.1", port)), kept_(kept) {
    if (context_ == nullptr || context_->err != 0) Die("cannot connect to redis-server");
    const std::string script = RedisScripts(false)[static_cast<std::size_t>(RedisScript::kPublish)];
    auto* loaded = static_cast<redisReply*>(
        redisCommand(context_, "SCRIPT LOAD %b", script.data(), script.size()));
    if (loaded == nullptr || loaded->type != REDIS_REPLY_STRING) Die("SCRIPT LOAD failed");
    hash_ = loaded->str;
    freeReplyObject(loaded);
    internal::v1::EventMessage message;
    message.set_data(Data());
    payload_ = EncodeEnvelope(message);
  }
  ~BarePublisher() { redisFree(context_); }

  double Run(const Options& options) {
    const std::int64_t begin = NowNanoseconds();
    int sent = 0;
    for (int answered = 0; answered < options.events; ++answered) {
      // Half of the window at a time, so that commands go out in batches.
      if (sent - answered <= options.in_flight / 2) {
        while (sent < options.events && sent - answered < options.in_flight) {
          Append();
          ++sent;
        }
      }
      void* reply = nullptr;
      if (redisGetReply(context_, &reply) != REDIS_OK) Die("redis-server went away");
      if (static_cast<redisReply*>(reply)->type == REDIS_REPLY_ERROR) {
        Die(static_cast<redisReply*>(reply)->str);
      }
      freeReplyObject(reply);
    }
    return options.events / (static_cast<double>(NowNanoseconds() - begin) / 1e9);
  }

 private:
  void Append() {
    const std::string run_id(40, 'r');
    redisAppendCommand(context_,
                       "EVALSHA %s 3 bare:number bare:members bare:history %s abcdefgh bare:all "
                       "%b 0 bare: %d 300000 1048576",
                       hash_.c_str(), run_id.c_str(), payload_.data(), payload_.size(), kept_);
  }

  redisContext* context_;
  const int kept_;
  std::string hash_;
  std::string payload_;
};

// The fast path of a replica.
double PublishStream(const std::string& address, const Options& options) {
  const auto stub = tests::NewControlStub(address);
  grpc::ClientContext context;
  const auto call = stub->Publish(&context);
  v1::PublishRequest request;
  request.set_group("bench");
  request.mutable_event()->set_data(Data());
  const std::int64_t begin = NowNanoseconds();
  // The server stops reading at 1,024 unanswered ones, which holds the writer up.
  std::thread writer([&] {
    for (int i = 0; i < options.events; ++i) {
      if (!call->Write(request, grpc::WriteOptions().set_buffer_hint())) Die("a write failed");
    }
    call->WritesDone();
  });
  v1::PublishResponse response;
  int answered = 0;
  while (call->Read(&response)) {
    if (!response.has_delivery()) Die("an entry failed: " + response.error().message());
    ++answered;
  }
  writer.join();
  if (answered != options.events || !call->Finish().ok()) Die("not every entry was answered");
  return options.events / (static_cast<double>(NowNanoseconds() - begin) / 1e9);
}

// The bare connection first, then Publish with more and more replicas. `kept`: as of BarePublisher.
std::vector<Way> RunWays(const Options& options, int kept) {
  const tests::RedisServer redis;
  BarePublisher bare(redis.port(), kept);
  std::vector<Way> ways = {{"bare pipelined EVALSHA", {}}};
  std::vector<std::unique_ptr<tests::ServerProcess>> replicas;
  tests::EventStreamClient client;
  std::vector<std::shared_ptr<tests::EventStream>> streams;
  for (const int count : {1, 2, 4}) {
    while (static_cast<int>(replicas.size()) < count) {
      replicas.push_back(std::make_unique<tests::ServerProcess>(std::vector<std::string>{
          "--redis-url=" + redis.Url(), "--shards=1", absl::StrCat("--history-size=", kept),
          "--outbox-bytes=256MiB"}));
      if (!replicas.back()->IsListening()) Die(replicas.back()->Log());
      tests::StreamRequest request = tests::GetEvents("/events?group=bench");
      request.keep_events = false;
      streams.push_back(client.Open(replicas.back()->http_port(), std::move(request)));
      if (!streams.back()->WaitForEventCount(1)) Die("a stream did not open");
    }
    ways.push_back({absl::StrCat("Publish, ", count, count == 1 ? " replica" : " replicas",
                                 " with a stream each"),
                    {}});
    for (int round = 0; round < options.rounds; ++round) {
      ways.front().events_a_second.push_back(bare.Run(options));
      ways.back().events_a_second.push_back(PublishStream(replicas[0]->GrpcAddress(), options));
    }
  }
  const std::int64_t expected = options.events * options.rounds;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const std::int64_t heard = expected * (i < 1 ? 3 : i < 2 ? 2 : 1);
    if (!streams[i]->WaitForEventCount(1 + heard)) Die("events were lost");
  }
  return ways;
}

void Run(const Options& options) {
  const std::vector<Way> off = RunWays(options, 0);
  const std::vector<Way> on = RunWays(options, 256);
  std::printf("%d events of 200 bytes a round, %d rounds; lost 0\n\n", options.events,
              options.rounds);
  std::printf("| way | no history: events a second | ratio | history of 256 | ratio | to none |\n");
  std::printf("|---|---|---|---|---|---|\n");
  for (std::size_t i = 0; i < off.size(); ++i) {
    std::printf("| %s | %.0f | %.2f | %.0f | %.2f | %.2f |\n", off[i].name.c_str(), off[i].Median(),
                off[i].Median() / off[0].Median(), on[i].Median(), on[i].Median() / on[0].Median(),
                on[i].Median() / off[i].Median());
  }
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  sluice::bench::Options options;
  CLI::App app("Streaming Publish through Redis, and the same script on a bare connection");
  app.add_option("--events", options.events, "Events a round")->check(CLI::Range(1000, 10'000'000));
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 1000));
  app.add_option("--in-flight", options.in_flight, "Of the bare connection")
      ->check(CLI::Range(2, 100'000));
  CLI11_PARSE(app, argc, argv);
  sluice::bench::Run(options);
  return 0;
}
