#include "tests/bench/fanout/bench_server.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "tests/bench/fanout/receiver.h"
#include "tests/bench/measure/worker.h"

namespace sluice::bench {

std::string TimestampedData(int bytes) {
  std::string data = absl::StrFormat("@%019d ", NowNanoseconds());
  if (data.size() < static_cast<std::size_t>(bytes)) {
    data.append(static_cast<std::size_t>(bytes) - data.size(), 'x');
  }
  return data;
}

BenchServer::BenchServer(int shards) : server_({absl::StrCat("--shards=", shards)}) {
  if (!server_.IsListening()) Die("the server did not start:\n" + server_.Log());
  stub_ = v1::ControlService::NewStub(
      grpc::CreateChannel(server_.GrpcAddress(), grpc::InsecureChannelCredentials()));
}

void BenchServer::Broadcast(int events, int data_bytes, bool waits) {
  grpc::ClientContext context;
  const auto stream = stub_->Publish(&context);
  v1::PublishResponse response;
  const auto read = [&] {
    if (!stream->Read(&response)) Die("Publish ended: " + stream->Finish().error_message());
    if (response.has_error()) Die("Publish: " + response.error().message());
  };
  for (int i = 0; i < events; ++i) {
    v1::PublishRequest request;
    request.set_broadcast(true);
    request.mutable_event()->set_data(TimestampedData(data_bytes));
    if (waits) request.mutable_options()->set_confirmation(v1::CONFIRMATION_QUEUED);
    if (!stream->Write(request)) Die("Publish ended: " + stream->Finish().error_message());
    if (waits) read();
  }
  for (int i = 0; !waits && i < events; ++i) read();
  stream->WritesDone();
  static_cast<void>(stream->Finish());
}

std::string BenchServer::CaptureFrame(int data_bytes) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<std::uint16_t>(http_port()));
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string head = "GET /events?client_id=capture HTTP/1.1\r\nHost: localhost\r\n\r\n";
  if (connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof(peer)) != 0 ||
      send(fd, head.data(), head.size(), MSG_NOSIGNAL) < 0) {
    Die("can't open a stream to capture");
  }
  std::string received;
  bool has_published = false;
  while (true) {
    pollfd readable = {fd, POLLIN, 0};
    char bytes[65536];
    if (poll(&readable, 1, 5000) <= 0) Die("the captured stream is silent");
    const ssize_t count = recv(fd, bytes, sizeof(bytes), 0);
    if (count <= 0) Die("the captured stream has ended");
    received.append(bytes, static_cast<std::size_t>(count));
    if (!has_published && received.find("sluice.open") != std::string::npos) {
      Broadcast(1, data_bytes, /*waits=*/true);
      has_published = true;
    }
    const std::size_t mark = received.find(kTimestampMark);
    const std::size_t end = mark == std::string::npos ? mark : received.find("\n\n", mark);
    if (end == std::string::npos) continue;
    close(fd);
    const std::size_t begin = received.rfind("\n\n", mark) + 2;
    return received.substr(begin, end + 2 - begin);
  }
}

LatencyHistogram BenchServer::TimeSendToClient(int calls, int pause_ms,
                                               const std::string& client_id) {
  LatencyHistogram round_trips;
  for (int i = 0; i < calls; ++i) {
    poll(nullptr, 0, pause_ms);
    grpc::ClientContext context;
    v1::SendToClientRequest request;
    request.set_client_id(client_id);
    request.mutable_event()->set_data("hello");
    v1::SendToClientResponse response;
    const std::int64_t begin = NowNanoseconds();
    const grpc::Status status = stub_->SendToClient(&context, request, &response);
    round_trips.Add(NowNanoseconds() - begin);
    if (!status.ok()) Die("SendToClient: " + status.error_message());
    if (response.delivery().connections() != 1) Die("SendToClient reached nobody");
  }
  return round_trips;
}

}  // namespace sluice::bench
