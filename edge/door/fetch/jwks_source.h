#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/time/time.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "edge/base/clock.h"
#include "edge/base/mutex.h"
#include "edge/door/fetch/http_client.h"
#include "edge/door/jwt/token_verifier.h"

namespace sluice {

// How often keys are fetched.
struct JwksTimes {
  // Unless the answer's Cache-Control says otherwise, which is kept between the two others.
  absl::Duration refresh = absl::Minutes(5);
  absl::Duration refresh_min = absl::Minutes(1);
  absl::Duration refresh_max = absl::Hours(1);
  // After a failure; doubles up to refresh_min.
  absl::Duration retry = absl::Seconds(1);
  // Between two that tokens with unknown keys give rise to: anybody can make such tokens.
  absl::Duration refetch_min = absl::Seconds(10);
};

// Keeps the keys of --jwks-url fresh in a verifier. When the URL fails, the last good ones stay.
// Owner:  the server. Destroyed when the thread of `io_context` has ended.
// Thread: any for the public functions; the waiting are called on the thread of `io_context`.
// Limits: a set of 1 MiB in 5 s; kWaitingMax wait for one fetch.
class JwksSource {
 public:
  static constexpr std::size_t kWaitingMax = 4096;

  JwksSource(boost::asio::io_context& io_context, HttpUrl url, TokenVerifier& verifier,
             const Clock& clock, JwksTimes times = {});

  void Start();

  // A token was signed by a key that is not there. Calls `done` after the keys have been fetched
  // again; false: they were just now, so the key is not there, and `done` is dropped.
  bool Refresh(absl::AnyInvocable<void()> done);

  struct Health {
    bool is_good = false;  // The last fetch gave keys.
    absl::Duration age;    // Since keys were last fetched, or since the start.
    std::string detail;
  };
  Health health() const;

 private:
  void Fetch();
  void OnAnswer(absl::StatusOr<FetchAnswer> answer);
  absl::Status Take(const absl::StatusOr<FetchAnswer>& answer);
  void ScheduleNext(absl::Duration delay);

  HttpClient client_;
  TokenVerifier& verifier_;
  const Clock& clock_;
  const JwksTimes times_;
  boost::asio::steady_timer timer_;
  absl::Duration retry_;

  mutable Mutex mutex_;
  bool is_fetching_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Duration begun_ ABSL_GUARDED_BY(mutex_);                     // When the last fetch began.
  absl::Duration fetched_ ABSL_GUARDED_BY(mutex_);                   // When keys last came.
  std::string problem_ ABSL_GUARDED_BY(mutex_) = "not fetched yet";  // Empty: none.
  std::vector<absl::AnyInvocable<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
};

// `max-age` of a Cache-Control header (RFC 9111, 5.2.2.1); `otherwise` if it has none.
absl::Duration MaxAge(std::string_view cache_control, absl::Duration otherwise);

}  // namespace sluice
