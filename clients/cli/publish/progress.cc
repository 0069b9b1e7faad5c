// clients/cli/publish/progress.cc
#include "clients/cli/publish/progress.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

constexpr absl::Duration kDrawInterval = absl::Milliseconds(100);
constexpr int kBarColumns = 24;

std::string Bar(const PublishCounts& counts) {
  const double share = std::clamp(
      static_cast<double>(counts.taken_bytes) / static_cast<double>(counts.total_bytes), 0.0, 1.0);
  const auto filled_columns = static_cast<std::size_t>(share * kBarColumns);
  return absl::StrFormat("[%s%s] %3d%%  ", std::string(filled_columns, '#'),
                         std::string(kBarColumns - filled_columns, '-'),
                         static_cast<int>(share * 100));
}

}  // namespace

void Progress::Update(const PublishCounts& counts, absl::Duration elapsed) {
  if (!terminal_.err_is_terminal || elapsed - drawn_at_ < kDrawInterval) return;
  drawn_at_ = elapsed;
  is_drawn_ = true;
  std::string line = counts.total_bytes > 0 ? Bar(counts) : "";
  absl::StrAppend(&line, FormatCount(counts.entries), " entries  ");
  if (counts.failed > 0) absl::StrAppend(&line, FormatCount(counts.failed), " failed  ");
  absl::StrAppend(&line, FormatCount(static_cast<std::int64_t>(EntryRate(counts.entries, elapsed))),
                  "/s");
  // ECMA-48, "EL - Erase in Line". One column stays free, or some terminals wrap.
  terminal_.err << '\r' << Truncate(line, terminal_.width_columns - 1) << "\x1b[K" << std::flush;
}

void Progress::Clear() {
  if (is_drawn_) terminal_.err << "\r\x1b[K" << std::flush;
  is_drawn_ = false;
}

double EntryRate(std::int64_t entries, absl::Duration elapsed) {
  if (elapsed <= absl::ZeroDuration()) return 0;
  return static_cast<double>(entries) / absl::ToDoubleSeconds(elapsed);
}

}  // namespace sluice::cli
