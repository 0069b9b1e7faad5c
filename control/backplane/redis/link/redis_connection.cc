#include "control/backplane/redis/link/redis_connection.h"

#include <absl/container/inlined_vector.h>
#include <absl/strings/str_cat.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <utility>

#include "edge/base/check.h"

namespace sluice {
namespace {

namespace asio = boost::asio;

}  // namespace

absl::Status StatusOf(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ERROR) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("Redis refuses: ", absl::string_view(reply.str, reply.len)));
}

std::string_view TextOf(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_STRING && reply.type != REDIS_REPLY_STATUS) return {};
  return {reply.str, reply.len};
}

absl::Span<redisReply* const> ElementsOf(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ARRAY) return {};
  return {reply.element, reply.elements};
}

RedisConnection::RedisConnection(std::shared_ptr<RedisSocket> socket, Owner& owner)
    : socket_(std::move(socket)),
      owner_(&owner),
      reader_(redisReaderCreate()),
      last_received_(std::chrono::steady_clock::now()) {}

RedisConnection::~RedisConnection() {
  FailHandlers();
}

void RedisConnection::Start() {
  Read();
}

void RedisConnection::SetPushHandler(absl::AnyInvocable<void(const redisReply&)> handler) {
  push_handler_ = std::move(handler);
}

void RedisConnection::Send(absl::Span<const std::string_view> arguments, ReplyHandler handler) {
  if (owner_ == nullptr) {
    if (handler != nullptr) handler(nullptr);
    return;
  }
  absl::InlinedVector<const char*, 16> texts;
  absl::InlinedVector<std::size_t, 16> sizes;
  for (const std::string_view argument : arguments) {
    texts.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  char* formatted = nullptr;
  const int size = redisFormatCommandArgv(&formatted, static_cast<int>(texts.size()), texts.data(),
                                          sizes.data());
  SLUICE_CHECK(size > 0);  // Only without memory.
  out_.append(formatted, static_cast<std::size_t>(size));
  redisFreeCommand(formatted);
  if (push_handler_ == nullptr) {
    handlers_.push_back(std::move(handler));
    ++unsent_count_;
  }
  if (!WaitsForReplies()) ScheduleWrite();
}

// While Redis has much to answer, commands gather until the next replies come: it then reads many
// at once, which costs it less than one by one, and nobody waits longer for it.
bool RedisConnection::WaitsForReplies() const {
  return handlers_.size() - unsent_count_ >= kManyUnanswered && out_.size() < kBatchBytes;
}

void RedisConnection::ScheduleWrite() {
  if (is_write_scheduled_ || !writing_.empty()) return;
  is_write_scheduled_ = true;
  asio::post(socket_->executor(), [self = shared_from_this()] {
    self->is_write_scheduled_ = false;
    self->Write();
  });
}

void RedisConnection::Write() {
  if (owner_ == nullptr || out_.empty() || !writing_.empty()) return;
  std::swap(writing_, out_);
  unsent_count_ = 0;
  socket_->Write(asio::buffer(writing_),
                 [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                   self->writing_.clear();
                   if (error) return self->Lose(absl::StrCat("writing failed: ", error.message()));
                   if (!self->WaitsForReplies()) self->Write();
                 });
}

void RedisConnection::Read() {
  socket_->ReadSome(
      asio::buffer(in_),
      [self = shared_from_this()](const boost::system::error_code& error, std::size_t size) {
        if (self->owner_ == nullptr) return;
        if (error) return self->Lose(absl::StrCat("reading failed: ", error.message()));
        self->last_received_ = std::chrono::steady_clock::now();
        if (redisReaderFeed(self->reader_.get(), self->in_.data(), size) != REDIS_OK) {
          return self->Lose("the server does not speak the Redis protocol");
        }
        if (!self->TakeReplies()) return;
        if (!self->out_.empty()) self->ScheduleWrite();
        self->Read();
      });
}

// False: the connection is closed.
bool RedisConnection::TakeReplies() {
  while (owner_ != nullptr) {
    void* parsed = nullptr;
    if (redisReaderGetReply(reader_.get(), &parsed) != REDIS_OK) {
      Lose("the server does not speak the Redis protocol");
      return false;
    }
    const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(parsed));
    if (reply == nullptr) return true;
    if (push_handler_ != nullptr) {
      push_handler_(*reply);
    } else if (handlers_.empty()) {
      Lose("the server sent a reply that nothing asked for");
    } else {
      ReplyHandler handler = std::move(handlers_.front());
      handlers_.pop_front();
      if (handler != nullptr) handler(reply.get());
    }
  }
  return false;
}

void RedisConnection::Lose(const std::string& why) {
  Owner* owner = owner_;
  Close();
  if (owner != nullptr) owner->OnConnectionLost(why);
}

void RedisConnection::Close() {
  owner_ = nullptr;
  socket_->Close();
  FailHandlers();
}

void RedisConnection::FailHandlers() {
  for (ReplyHandler& handler : std::exchange(handlers_, {})) {
    if (handler != nullptr) handler(nullptr);
  }
}

}  // namespace sluice
