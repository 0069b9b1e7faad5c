#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/status.h>
#include <absl/time/time.h>
#include <absl/types/span.h>
#include <hiredis/hiredis.h>

#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/backplane/redis/link/redis_socket.h"

namespace sluice {

// What a reply says, when it is an error: Redis's own text.
absl::Status StatusOf(const redisReply& reply);

// The text of a string or status reply; empty for others.
std::string_view TextOf(const redisReply& reply);

// The elements of an array reply; none for others.
absl::Span<redisReply* const> ElementsOf(const redisReply& reply);

// A connection to a Redis server: commands go out pipelined, in one write a turn of the loop or in
// larger batches under load; replies come back in the order of the commands (Redis, "RESP protocol
// spec"). hiredis formats and parses; Asio moves the bytes.
// Owner:  whoever made it, and its pending operations.
// Thread: the io_context's.
// Limits: none of its own on what waits for replies; callers bound what they send.
class RedisConnection : public std::enable_shared_from_this<RedisConnection> {
 public:
  // Null: the connection ended before the reply came, so whether the command was carried out is
  // unknown.
  using ReplyHandler = absl::AnyInvocable<void(const redisReply*)>;

  class Owner {
   public:
    virtual ~Owner() = default;
    // Called once, never from inside Send or Close; `why` is for people.
    virtual void OnConnectionLost(const std::string& why) = 0;
  };

  // With so many commands written and unanswered further ones gather, up to so many bytes.
  static constexpr std::size_t kManyUnanswered = 64;
  static constexpr std::size_t kBatchBytes = std::size_t{16} << 10;

  RedisConnection(std::shared_ptr<RedisSocket> socket, Owner& owner);
  ~RedisConnection();

  // Begins to read.
  void Start();

  // From now on every reply goes to `handler` and none to the handlers of commands, as a connection
  // with subscriptions needs it (Redis, "Pub/Sub").
  void SetPushHandler(absl::AnyInvocable<void(const redisReply&)> handler);

  // `handler` may be null: the reply is of no interest.
  void Send(absl::Span<const std::string_view> arguments, ReplyHandler handler);

  // Nothing is called back after it but the handlers that still wait, with null.
  void Close();

  // When bytes last came.
  std::chrono::steady_clock::time_point last_received() const { return last_received_; }
  std::size_t unanswered() const { return handlers_.size(); }
  // Bytes that were not written to the socket yet.
  std::size_t unsent_bytes() const { return out_.size() + writing_.size(); }

 private:
  struct FreeReader {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };
  struct FreeReply {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };

  bool WaitsForReplies() const;
  void ScheduleWrite();
  void Write();
  void Read();
  bool TakeReplies();
  void Lose(const std::string& why);
  void FailHandlers();

  const std::shared_ptr<RedisSocket> socket_;
  Owner* owner_;  // Null once closed.
  std::unique_ptr<redisReader, FreeReader> reader_;
  std::array<char, 64 * 1024> in_;
  std::string out_;
  std::string writing_;
  bool is_write_scheduled_ = false;
  std::size_t unsent_count_ = 0;  // Commands in out_.
  std::deque<ReplyHandler> handlers_;
  absl::AnyInvocable<void(const redisReply&)> push_handler_;
  std::chrono::steady_clock::time_point last_received_;
};

}  // namespace sluice
