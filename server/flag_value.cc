#include "server/flag_value.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <utility>

namespace sluice {
namespace {

struct Unit {
  absl::string_view name;
  double bytes;
};

constexpr Unit kUnits[] = {
    {"", 1},     {"b", 1},    {"kib", 1024.0}, {"mib", 1048576}, {"gib", 1073741824.0},
    {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}};

absl::Status BadSize(const std::string& text) {
  return absl::InvalidArgumentError(
      absl::StrCat("is `", text, "`; expected bytes such as 65536, 64KiB or 1MiB"));
}

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDuration(const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration() ||
      duration == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("is `", text, "`; expected a duration such as 15s, 1m30s or 250ms"));
  }
  return duration;
}

absl::StatusOr<std::size_t> ParseSize(const std::string& text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string unit =
      absl::AsciiStrToLower(absl::StripAsciiWhitespace(absl::string_view(text).substr(digits)));
  double number = 0;
  if (!absl::SimpleAtod(text.substr(0, digits), &number)) return BadSize(text);
  for (const Unit& known : kUnits) {
    if (known.name != unit) continue;
    const double bytes = number * known.bytes;
    if (bytes >= static_cast<double>(std::numeric_limits<std::int64_t>::max())) break;
    return static_cast<std::size_t>(bytes);
  }
  return BadSize(text);
}

absl::StatusOr<std::size_t> ParseSizeOrShare(const std::string& text, std::size_t whole) {
  if (text.empty() || text.back() != '%') return ParseSize(text);
  double percent = 0;
  // So written that it refuses NaN, with which no comparison holds.
  if (!absl::SimpleAtod(text.substr(0, text.size() - 1), &percent) ||
      !(percent > 0 && percent <= 100)) {
    return absl::InvalidArgumentError(
        absl::StrCat("is `", text, "`; expected a share from 1% to 100% or bytes such as 1GiB"));
  }
  return static_cast<std::size_t>(static_cast<double>(whole) * percent / 100);
}

std::string NearestName(std::string_view name, const std::vector<std::string>& known) {
  std::string nearest;
  std::size_t fewest = std::max<std::size_t>(name.size() / 2, 2) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = EditDistance(name, candidate);
    if (distance < fewest) {
      fewest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::size_t MemoryLimit() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_size = sysconf(_SC_PAGESIZE);
  std::size_t limit = static_cast<std::size_t>(pages) * static_cast<std::size_t>(page_size);
  // Control groups version 2 and 1; version 2 writes `max` where there is no limit.
  for (const char* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::size_t group_limit = 0;
    if (std::ifstream(path) >> group_limit) limit = std::min(limit, group_limit);
  }
  return limit;
}

std::size_t RaiseFileLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  return limit.rlim_cur;
}

}  // namespace sluice
