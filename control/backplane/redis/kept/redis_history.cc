#include "control/backplane/redis/kept/redis_history.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <optional>
#include <utility>
#include <vector>

#include "control/backplane/redis/kept/redis_records.h"

namespace sluice {
namespace {

// What the lists of the reply begin with.
constexpr std::size_t kReplyHead = 3;
constexpr std::size_t kHistoryHead = 2;

std::uint64_t ReadSequence(const redisReply& reply) {
  const std::string_view text = TextOf(reply);
  std::uint64_t sequence = 0;
  (void)absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &sequence);
  return sequence;
}

std::optional<HistoryEntry> ReadEntry(const redisReply& reply) {
  const std::string_view message = TextOf(reply);
  const std::size_t space = message.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto number = EventNumber::Parse(message.substr(0, space));
  if (!number.has_value()) return std::nullopt;
  return HistoryEntry{*number, std::string(message.substr(space + 1))};
}

std::optional<ChannelHistory> ReadChannel(const redisReply& reply) {
  const auto elements = ElementsOf(reply);
  if (elements.size() < kHistoryHead) return std::nullopt;
  ChannelHistory history;
  history.trimmed_to = ReadSequence(*elements[0]);
  history.expired_to = ReadSequence(*elements[1]);
  for (std::size_t i = kHistoryHead; i < elements.size(); ++i) {
    auto entry = ReadEntry(*elements[i]);
    if (!entry.has_value()) return std::nullopt;
    history.entries.push_back(*std::move(entry));
  }
  return history;
}

}  // namespace

RedisHistory::RedisHistory(RedisCommands& commands, HistoryOptions options)
    : commands_(commands), options_(std::move(options)) {
  const auto add = [this](const Retention& retention) {
    limits_[&retention] = {std::to_string(retention.events_max),
                           std::to_string(absl::ToInt64Milliseconds(retention.age_max)),
                           std::to_string(options_.bytes_max)};
  };
  add(options_.standard);
  for (const auto& [prefix, retention] : options_.by_prefix) add(retention);
}

const RedisHistory::Limits& RedisHistory::LimitsOf(std::string_view channel, bool is_kept) const {
  return is_kept ? limits_.at(&options_.Of(channel)) : off_;
}

std::string RedisHistory::Key(std::string_view channel) const {
  return absl::StrCat(commands_.name_prefix(),
                      "history:", absl::string_view(channel.data(), channel.size()));
}

void RedisHistory::Read(HistoryQuery query,
                        absl::AnyInvocable<void(absl::StatusOr<HistoryRead>)> done) {
  std::vector<std::string> keys;
  std::vector<std::string> arguments = {std::to_string(query.bytes_max), ""};
  int histories = 0;
  for (const HistorySpan& span : query.spans) {
    const Retention& retention = options_.Of(span.channel);
    if (!retention.is_on()) continue;
    ++histories;
    keys.push_back(Key(span.channel));
    arguments.push_back(std::to_string(span.after));
    arguments.push_back(std::to_string(absl::ToInt64Microseconds(retention.age_max)));
  }
  arguments[1] = std::to_string(histories);
  for (const std::string& client_id : query.client_ids) {
    keys.push_back(RedisRecords::Key(commands_, client_id));
  }
  const std::vector<std::string_view> key_views(keys.begin(), keys.end());
  const std::vector<std::string_view> argument_views(arguments.begin(), arguments.end());
  commands_.Run(RedisScript::kReadHistory, key_views, argument_views,
                [this, query = std::move(query),
                 done = std::move(done)](absl::StatusOr<const redisReply*> reply) mutable {
                  if (!reply.ok()) return done(reply.status());
                  done(ReadReply(query, **reply));
                });
}

absl::StatusOr<HistoryRead> RedisHistory::ReadReply(const HistoryQuery& query,
                                                    const redisReply& reply) {
  const auto last = commands_.ReadNumber(reply);
  if (!last.ok()) return last.status();
  const auto elements = ElementsOf(reply);
  const absl::Status broken = absl::DataLossError("what is kept in Redis can't be read");
  if (elements.size() < kReplyHead) return broken;
  HistoryRead read;
  read.last = *last;
  read.complete_to = ReadSequence(*elements[1]);
  read.time_us = ReadSequence(*elements[2]);
  std::size_t next = kReplyHead;
  for (const HistorySpan& span : query.spans) {
    ChannelHistory& history = read.channels.emplace_back();
    if (!options_.Of(span.channel).is_on()) continue;
    if (next == elements.size()) return broken;
    auto channel = ReadChannel(*elements[next++]);
    if (!channel.has_value()) return broken;
    history = *std::move(channel);
  }
  if (elements.size() - next != query.client_ids.size()) return broken;
  for (; next < elements.size(); ++next) {
    auto record = ReadRecordReply(*elements[next]);
    if (!record.ok()) return record.status();
    read.records.push_back(*std::move(record));
  }
  return read;
}

}  // namespace sluice
