#include "tests/bench/fanout/nchan_server.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/bench/fanout/bench_server.h"
#include "tests/bench/measure/worker.h"
#include "tests/support/eventually.h"
#include "tests/support/http/http_exchange.h"
#include "tests/support/http/tcp_socket.h"

namespace sluice::bench {
namespace {

constexpr char kModule[] = "/usr/lib/nginx/modules/ngx_nchan_module.so";

std::string Configuration(const std::string& folder, int port) {
  return absl::StrCat("load_module ", kModule, ";\nworker_processes 1;\ndaemon off;\npid ", folder,
                      "/pid;\nerror_log ", folder,
                      "/error.log;\nworker_rlimit_nofile 20000;\n"
                      "events { worker_connections 19900; }\n"
                      "http {\n  access_log off;\n  keepalive_requests 1000000;\n"
                      "  client_body_temp_path ",
                      folder,
                      "/body;\n"
                      "  server {\n    listen 127.0.0.1:",
                      port,
                      " backlog=4096;\n"
                      "    location = /events { nchan_subscriber eventsource;"
                      " nchan_channel_id bench; nchan_subscriber_first_message newest; }\n"
                      "    location = /publish { nchan_publisher; nchan_channel_id bench;"
                      " nchan_message_buffer_length 64; }\n  }\n}\n");
}

pid_t ChildOf(pid_t parent) {
  pid_t child = -1;
  std::ifstream children(absl::StrCat("/proc/", parent, "/task/", parent, "/children"));
  children >> child;
  return child;
}

}  // namespace

bool NchanServer::IsInstalled() {
  return std::filesystem::exists(kModule);
}

NchanServer::NchanServer() {
  folder_ = absl::StrCat(std::filesystem::temp_directory_path().string(), "/fanout-nchan-",
                         NowNanoseconds());
  std::filesystem::create_directory(folder_);
  port_ = tests::TcpSocket::Listen().LocalPort();
  std::ofstream(folder_ + "/nginx.conf") << Configuration(folder_, port_);
  nginx_ = std::make_unique<tests::ChildProcess>(
      tests::ProcessOptions{"nginx", {"-c", folder_ + "/nginx.conf"}, {}, "", ""});
  const bool has_started = tests::Eventually([this] {
    worker_pid_ = ChildOf(nginx_->pid());
    return worker_pid_ > 0 &&
           tests::Exchange(port_, "GET / HTTP/1.0\r\n\r\n", absl::Seconds(1)).head.status > 0;
  });
  if (!has_started) {
    Die("nginx with nchan did not start:\n" + nginx_->Printed(tests::ChildProcess::Output::kError));
  }
}

NchanServer::~NchanServer() {
  nginx_->Signal(SIGTERM);
  static_cast<void>(nginx_->Wait());
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void NchanServer::Broadcast(int events, int data_bytes) {
  tests::HttpExchange publisher(port_);
  for (int i = 0; i < events; ++i) {
    const std::string data = TimestampedData(data_bytes);
    publisher.Send(
        absl::StrCat("POST /publish HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n"
                     "Content-Length: ",
                     data.size(), "\r\n\r\n", data));
    publisher.ReadUntil(absl::StrCat("queued messages: "));
  }
}

}  // namespace sluice::bench
