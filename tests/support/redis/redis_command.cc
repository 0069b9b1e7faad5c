#include "tests/support/redis/redis_command.h"

#include <absl/strings/str_cat.h>
#include <hiredis/hiredis.h>

#include <memory>

namespace sluice::tests {
namespace {

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

absl::StatusOr<std::string> RedisCommand(int port, const std::vector<std::string>& arguments) {
  const timeval timeout = {10, 0};
  const std::unique_ptr<redisContext, void (*)(redisContext*)> context(
      redisConnectWithTimeout("127.0.0.1", port, timeout), redisFree);
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
