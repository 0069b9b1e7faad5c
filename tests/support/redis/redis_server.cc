#include "tests/support/redis/redis_server.h"

#include <absl/strings/str_cat.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

std::string MakeFolder() {
  std::string path = (std::filesystem::temp_directory_path() / "sluice-redis-XXXXXX").string();
  return mkdtemp(path.data()) == nullptr ? "" : path;
}

std::string ToText(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply.integer);
    case REDIS_REPLY_ARRAY: {
      std::string text;
      for (std::size_t i = 0; i < reply.elements; ++i) {
        absl::StrAppend(&text, i == 0 ? "" : "\n", ToText(*reply.element[i]));
      }
      return text;
    }
    case REDIS_REPLY_NIL:
      return "";
    default:
      return {reply.str, reply.len};
  }
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
  const timeval timeout = {10, 0};
  const std::unique_ptr<redisContext, void (*)(redisContext*)> context(
      redisConnectWithTimeout("127.0.0.1", port_, timeout), redisFree);
  if (context == nullptr || context->err != 0) return absl::UnavailableError("cannot connect");
  redisSetTimeout(context.get(), timeout);
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& argument : arguments) {
    texts.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  const std::unique_ptr<redisReply, void (*)(redisReply*)> reply(
      static_cast<redisReply*>(redisCommandArgv(context.get(), static_cast<int>(texts.size()),
                                                texts.data(), sizes.data())),
      [](redisReply* made) { freeReplyObject(made); });
  if (reply == nullptr) return absl::UnavailableError("no answer");
  if (reply->type == REDIS_REPLY_ERROR) return absl::UnknownError(ToText(*reply));
  return ToText(*reply);
}

}  // namespace sluice::tests
