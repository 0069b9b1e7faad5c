// Measures what a unary SendToClient costs, against a method that does nothing on the same API.
#include <CLI/CLI.hpp>
#include <absl/strings/str_cat.h>
#include <grpcpp/grpcpp.h>
#include <sluice/v1/control_service.grpc.pb.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "control/rpc/control_service.h"
#include "control/rpc/unary_call.h"
#include "tests/bench/measure/latency_histogram.h"
#include "tests/bench/measure/worker.h"
#include "tests/support/http/event_stream_client.h"
#include "tests/support/process/server_process.h"

namespace sluice::bench {
namespace {

struct Options {
  int calls = 20'000;
  int rounds = 5;
  int in_flight = 64;
};

// A server whose SendToClient answers at once, on the very classes that Sluice uses.
class EmptyServer {
 public:
  EmptyServer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    queue_ = std::make_unique<CallQueue>(builder.AddCompletionQueue());
    server_ = builder.BuildAndStart();
    method_.request = [this](auto* context, auto* bytes, auto* responder, auto* queue, void* tag) {
      service_.RequestSendToClient(context, bytes, responder, queue, queue, tag);
    };
    method_.handle = HandleParsed<v1::SendToClientRequest>(
        [](const Call&, const v1::SendToClientRequest&, UnaryAnswer answer) {
          answer.Send(v1::SendToClientResponse());
        });
    for (int i = 0; i < 32; ++i) ServeUnary(method_, *queue_);
    thread_ = std::thread([this] { queue_->Run(); });
  }

  int port() const { return port_; }

 private:
  RawControlService service_;
  UnaryMethod method_;
  std::unique_ptr<CallQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::thread thread_;  // Ends with the process.
  int port_ = 0;
};

struct Way {
  std::string name;
  std::string address;
  pid_t pid;
  std::vector<double> calls_per_cpu_second;
  LatencyHistogram alone;  // One call at a time.

  double Median() const {
    std::vector<double> sorted = calls_per_cpu_second;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

v1::SendToClientRequest MakeRequest() {
  v1::SendToClientRequest request;
  request.set_client_id("alice");
  request.mutable_event()->set_data(std::string(200, 'x'));
  return request;
}

// Makes the calls with so many in flight; each answer begins the next call.
class Load {
 public:
  explicit Load(const std::string& address)
      : stub_(v1::ControlService::NewStub(
            grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {}

  LatencyHistogram Run(int calls, int in_flight) {
    LatencyHistogram latency;
    const v1::SendToClientRequest request = MakeRequest();
    int begun = 0;
    for (; begun < std::min(calls, in_flight); ++begun) Begin(request);
    for (int done = 0; done < calls; ++done) {
      void* tag = nullptr;
      bool ok = false;
      queue_.Next(&tag, &ok);
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      if (!call->status.ok()) Die("a call failed: " + call->status.error_message());
      latency.Add(NowNanoseconds() - call->begin);
      if (begun < calls) {
        Begin(request);
        ++begun;
      }
    }
    return latency;
  }

 private:
  struct Call {
    grpc::ClientContext context;
    v1::SendToClientResponse response;
    grpc::Status status;
    std::int64_t begin = 0;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::SendToClientResponse>> reader;
  };

  void Begin(const v1::SendToClientRequest& request) {
    auto* call = new Call;
    call->begin = NowNanoseconds();
    call->reader = stub_->AsyncSendToClient(&call->context, request, &queue_);
    call->reader->Finish(&call->response, &call->status, call);
  }

  std::unique_ptr<v1::ControlService::Stub> stub_;
  grpc::CompletionQueue queue_;
};

void Measure(Way& way, const Options& options) {
  Load load(way.address);
  load.Run(options.in_flight, options.in_flight);  // The connection is there.
  const std::int64_t before = CpuNanoseconds(way.pid);
  load.Run(options.calls, options.in_flight);
  const double cpu_seconds = static_cast<double>(CpuNanoseconds(way.pid) - before) / 1e9;
  way.calls_per_cpu_second.push_back(options.calls / cpu_seconds);
  way.alone.Merge(load.Run(options.calls / 20, 1));
}

void Print(const Way& way, const Way& base) {
  const auto milliseconds = [](std::int64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e6;
  };
  std::printf(
      "| %s | %.0f | %.2f | %.3f | %.2f | %.3f | %.3f |\n", way.name.c_str(), way.Median(),
      way.Median() / base.Median(), milliseconds(way.alone.Quantile(0.5)),
      static_cast<double>(way.alone.Quantile(0.5)) / static_cast<double>(base.alone.Quantile(0.5)),
      milliseconds(way.alone.Quantile(0.99)), milliseconds(way.alone.max()));
}

void Run(const Options& options) {
  // Forked before this process has threads.
  Worker empty_worker([]() -> Worker::Handle {
    return [server = std::make_shared<EmptyServer>()](const std::vector<std::string>&) {
      return absl::StrCat(server->port());
    };
  });
  const std::string empty_port = empty_worker.Ask("port");
  tests::ServerProcess server;
  if (!server.IsListening()) Die("the server did not start:\n" + server.Log());
  tests::EventStreamClient client;
  const auto stream = client.Open(server.http_port(), tests::GetEvents("/events?client_id=alice"));
  if (!stream->WaitForEvent("sluice.open").has_value()) Die("the stream did not open");

  Way empty = {"empty method", "127.0.0.1:" + empty_port, empty_worker.pid(), {}, {}};
  Way sluice = {"SendToClient to 1 stream", server.GrpcAddress(), server.process().pid(), {}, {}};
  for (int round = 0; round < options.rounds; ++round) {
    Measure(empty, options);
    Measure(sluice, options);
  }
  std::printf("%d calls with %d in flight, then %d one at a time; %d rounds\n\n", options.calls,
              options.in_flight, options.calls / 20, options.rounds);
  std::printf("| way | calls a CPU-second | ratio | alone p50 ms | ratio | p99 ms | max ms |\n");
  std::printf("|---|---|---|---|---|---|---|\n");
  Print(empty, empty);
  Print(sluice, empty);
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  sluice::bench::Options options;
  CLI::App app("Unary calls: an empty method and SendToClient, side by side in one run");
  app.add_option("--calls", options.calls, "Calls a round")->check(CLI::Range(100, 10'000'000));
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 1000));
  app.add_option("--in-flight", options.in_flight)->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  sluice::bench::Run(options);
  return 0;
}
