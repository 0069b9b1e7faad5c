#include "tests/support/redis/redis_server.h"

#include <absl/strings/str_cat.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "tests/support/eventually.h"
#include "tests/support/redis/redis_command.h"

namespace sluice::tests {
namespace {

std::string MakeFolder() {
  std::string path = (std::filesystem::temp_directory_path() / "sluice-redis-XXXXXX").string();
  return mkdtemp(path.data()) == nullptr ? "" : path;
}

}  // namespace

int FreePort() {
  boost::asio::io_context io_context;
  boost::asio::ip::tcp::acceptor acceptor(io_context, {boost::asio::ip::address_v4::loopback(), 0});
  return acceptor.local_endpoint().port();
}

RedisServer::RedisServer(std::vector<std::string> flags)
    : port_(FreePort()), folder_(MakeFolder()), flags_(std::move(flags)) {
  Start();
}

RedisServer::~RedisServer() {
  process_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void RedisServer::Start(const std::vector<std::string>& more_flags) {
  ProcessOptions options;
  options.program = "redis-server";
  options.arguments = {"--port",
                       std::to_string(port_),
                       "--bind",
                       "127.0.0.1",
                       "--dir",
                       folder_,
                       "--save",
                       "",
                       "--appendonly",
                       "no",
                       "--enable-debug-command",
                       "yes"};
  options.arguments.insert(options.arguments.end(), flags_.begin(), flags_.end());
  options.arguments.insert(options.arguments.end(), more_flags.begin(), more_flags.end());
  process_ = std::make_unique<ChildProcess>(std::move(options));
  const bool is_answering = Eventually([this] { return IsAnswering(); });
  EXPECT_TRUE(is_answering) << "redis-server did not start:\n"
                            << process_->Printed(ChildProcess::Output::kStandard);
}

bool RedisServer::IsAnswering() const {
  const auto reply = Command({"PING"});
  // An error is an answer too: NOAUTH.
  return reply.ok() || absl::IsUnknown(reply.status());
}

void RedisServer::Kill() {
  process_.reset();
}

void RedisServer::Pause() {
  process_->Signal(SIGSTOP);
}

void RedisServer::Resume() {
  process_->Signal(SIGCONT);
}

absl::StatusOr<std::string> RedisServer::Command(const std::vector<std::string>& arguments) const {
  return RedisCommand(port_, arguments);
}

}  // namespace sluice::tests
