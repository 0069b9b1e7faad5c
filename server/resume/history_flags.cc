#include "server/resume/history_flags.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <string>

#include "control/backplane/channel.h"
#include "server/flag_value.h"

namespace sluice {
namespace {

constexpr int kEventsMax = 100'000;
constexpr absl::Duration kAgeMin = absl::Seconds(1);
constexpr absl::Duration kAgeMax = absl::Hours(24 * 30);
constexpr std::size_t kBytesMin = 1024;
constexpr std::size_t kBytesMax = std::size_t{64} << 20;
constexpr std::size_t kResumeCacheBytesMin = std::size_t{1} << 20;

absl::Status Wrong(std::string_view flag, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("--", absl::string_view(flag.data(), flag.size()),
                                                 " ", absl::string_view(what.data(), what.size())));
}

absl::StatusOr<int> ReadSize(std::string_view flag, const std::string& text) {
  int size = 0;
  if (!absl::SimpleAtoi(text, &size) || size < 0 || size > kEventsMax) {
    return Wrong(flag, absl::StrCat("is `", text, "`; expected 0 (nothing is kept) to ", kEventsMax,
                                    " events"));
  }
  return size;
}

absl::StatusOr<absl::Duration> ReadAge(std::string_view flag, const std::string& text) {
  const auto age = ParseDuration(text);
  if (!age.ok()) return Wrong(flag, std::string(age.status().message()));
  if (*age < kAgeMin || *age > kAgeMax) {
    return Wrong(flag, absl::StrCat("is ", text, "; expected ", absl::FormatDuration(kAgeMin),
                                    " to ", absl::FormatDuration(kAgeMax)));
  }
  return age;
}

absl::StatusOr<std::size_t> ReadBytes(std::string_view flag, const std::string& text,
                                      std::size_t min, std::size_t max) {
  const auto bytes = ParseSize(text);
  if (!bytes.ok()) return Wrong(flag, std::string(bytes.status().message()));
  if (*bytes < min || *bytes > max) {
    return Wrong(flag, absl::StrCat("is ", text, "; expected ", min, " to ", max, " bytes"));
  }
  return bytes;
}

// Prefixes of channels are taken as they are, all others as those of group names.
std::string ChannelPrefix(const std::string& prefix) {
  const bool is_channel = prefix == kAllChannel || absl::StartsWith(prefix, "client:") ||
                          absl::StartsWith(prefix, "group:");
  return is_channel ? prefix : GroupChannel(prefix);
}

// PREFIX=SIZE,AGE; the age may be left out when the size is 0.
absl::Status ReadOwn(const std::string& text, HistoryOptions& history) {
  const std::size_t equals = text.rfind('=');
  const std::size_t comma = text.find(',', equals == std::string::npos ? 0 : equals);
  if (equals == std::string::npos || equals == 0) {
    return Wrong("history",
                 absl::StrCat("is `", text, "`; expected PREFIX=SIZE,AGE such as `chat.=1000,1h`"));
  }
  const std::string prefix = text.substr(0, equals);
  const std::string size_text = text.substr(equals + 1, comma - equals - 1);
  const auto size = ReadSize(absl::StrCat("history ", prefix, ": the size"), size_text);
  if (!size.ok()) return size.status();
  Retention retention = {*size, history.standard.age_max};
  if (comma != std::string::npos) {
    const auto age = ReadAge(absl::StrCat("history ", prefix, ": the age"), text.substr(comma + 1));
    if (!age.ok()) return age.status();
    retention.age_max = *age;
  }
  history.by_prefix.emplace_back(ChannelPrefix(prefix), retention);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<HistoryConfig> ReadHistoryFlags(const FlagValues& values) {
  HistoryConfig config;
  HistoryOptions& history = config.history;
  const auto size = ReadSize("history-size", values.history_size);
  if (!size.ok()) return size.status();
  const auto age = ReadAge("history-age", values.history_age);
  if (!age.ok()) return age.status();
  history.standard = {*size, *age};
  const auto bytes = ReadBytes("history-bytes", values.history_bytes, kBytesMin, kBytesMax);
  if (!bytes.ok()) return bytes.status();
  history.bytes_max = *bytes;
  for (const std::string& own : values.history) {
    const absl::Status status = ReadOwn(own, history);
    if (!status.ok()) return status;
  }
  const auto cache = ReadBytes("resume-cache-bytes", values.resume_cache_bytes,
                               kResumeCacheBytesMin, std::size_t{1} << 40);
  if (!cache.ok()) return cache.status();
  config.resume_cache_bytes_max = *cache;
  return config;
}

}  // namespace sluice
