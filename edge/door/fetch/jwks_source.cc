#include "edge/door/fetch/jwks_source.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

#include "edge/log/log.h"

namespace sluice {

absl::Duration MaxAge(std::string_view cache_control, absl::Duration otherwise) {
  constexpr absl::string_view kName = "max-age=";
  const absl::string_view value(cache_control.data(), cache_control.size());
  for (const absl::string_view part : absl::StrSplit(value, ',')) {
    const absl::string_view directive = absl::StripAsciiWhitespace(part);
    std::uint32_t seconds = 0;
    if (absl::StartsWithIgnoreCase(directive, kName) &&
        absl::SimpleAtoi(directive.substr(kName.size()), &seconds)) {
      return absl::Seconds(seconds);
    }
  }
  return otherwise;
}

JwksSource::JwksSource(boost::asio::io_context& io_context, HttpUrl url, TokenVerifier& verifier,
                       const Clock& clock, JwksTimes times)
    : client_(io_context, {.url = std::move(url), .body_bytes_max = JwtKeys::kJwksBytesMax}),
      verifier_(verifier),
      clock_(clock),
      times_(times),
      timer_(io_context),
      retry_(times.retry),
      begun_(clock.Uptime()),
      fetched_(clock.Uptime()) {}

void JwksSource::Start() {
  boost::asio::post(timer_.get_executor(), [this] { ScheduleNext(absl::ZeroDuration()); });
}

bool JwksSource::Refresh(absl::AnyInvocable<void()> done) {
  const MutexLock lock(mutex_);
  if (waiting_.size() >= kWaitingMax) return false;
  if (!is_fetching_) {
    if (clock_.Uptime() - begun_ < times_.refetch_min) return false;
    begun_ = clock_.Uptime();
    is_fetching_ = true;
    boost::asio::post(timer_.get_executor(), [this] { Fetch(); });
  }
  waiting_.push_back(std::move(done));
  return true;
}

void JwksSource::ScheduleNext(absl::Duration delay) {
  timer_.expires_after(absl::ToChronoMilliseconds(delay));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    {
      const MutexLock lock(mutex_);
      // One that a token gave rise to schedules the next when it is over.
      if (std::exchange(is_fetching_, true)) return;
      begun_ = clock_.Uptime();
    }
    Fetch();
  });
}

void JwksSource::Fetch() {
  client_.Get({{"Accept", "application/json"}},
              [this](absl::StatusOr<FetchAnswer> answer) { OnAnswer(std::move(answer)); });
}

absl::Status JwksSource::Take(const absl::StatusOr<FetchAnswer>& answer) {
  if (!answer.ok()) return answer.status();
  if (answer->status != 200) {
    return absl::UnavailableError(absl::StrCat("the answer has status ", answer->status));
  }
  auto keys = JwtKeys::FromJwks(answer->body);
  if (!keys.ok()) {
    return absl::UnavailableError(absl::StrCat("the answer ", keys.status().message()));
  }
  verifier_.SetKeys(TokenVerifier::KeySource::kJwksUrl, *std::move(keys));
  return absl::OkStatus();
}

void JwksSource::OnAnswer(absl::StatusOr<FetchAnswer> answer) {
  const absl::Status status = Take(answer);
  if (status.ok()) {
    retry_ = times_.retry;
    ScheduleNext(std::clamp(MaxAge(answer->cache_control, times_.refresh), times_.refresh_min,
                            times_.refresh_max));
  } else {
    Log(spdlog::level::warn, "the keys of --jwks-url could not be fetched; the last good ones stay",
        {{"error", std::string(status.message())}});
    ScheduleNext(retry_);
    retry_ = std::min(retry_ * 2, times_.refresh_min);
  }
  std::vector<absl::AnyInvocable<void()>> waiting;
  {
    const MutexLock lock(mutex_);
    is_fetching_ = false;
    problem_ = std::string(status.message());
    if (status.ok()) fetched_ = clock_.Uptime();
    waiting.swap(waiting_);
  }
  for (auto& done : waiting) done();
}

JwksSource::Health JwksSource::health() const {
  const MutexLock lock(mutex_);
  return {problem_.empty(), clock_.Uptime() - fetched_,
          problem_.empty() ? "fetched" : absl::StrCat("last fetch: ", problem_)};
}

}  // namespace sluice
