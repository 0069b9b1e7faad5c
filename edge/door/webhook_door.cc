#include "edge/door/webhook_door.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "edge/door/credential.h"
#include "edge/door/webhook_answer.h"
#include "edge/log/log.h"

namespace sluice {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kAnswerBytesMax = 64 * 1024;
constexpr absl::Duration kLogInterval = absl::Seconds(10);

// Those of one connection (RFC 9110, 7.6.1), those that speak of a body, those by which a proxy
// says whom it speaks for, and ours.
constexpr absl::string_view kNotForwarded[] = {
    "connection", "keep-alive",        "proxy-connection", "proxy-authorization", "te",
    "trailer",    "transfer-encoding", "upgrade",          "content-length",      "host",
    "expect",     "accept-encoding",   "x-original-uri",   "x-forwarded-for",     "x-real-ip",
    "forwarded",  "x-forwarded-method"};

absl::string_view View(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

std::vector<HttpClient::Header> ForwardedHeaders(const DoorRequest& asked) {
  std::vector<HttpClient::Header> headers;
  for (const auto& field : asked.head) {
    const absl::string_view name = View(field.name_string());
    const bool is_left_out = std::any_of(
        std::begin(kNotForwarded), std::end(kNotForwarded),
        [name](absl::string_view other) { return absl::EqualsIgnoreCase(name, other); });
    if (!is_left_out) headers.emplace_back(std::string(name), std::string(View(field.value())));
  }
  headers.emplace_back("X-Original-URI", std::string(View(asked.head.target())));
  // What the browser itself says of it is worth nothing.
  headers.emplace_back("X-Forwarded-For", asked.remote_endpoint.address().to_string());
  headers.emplace_back("X-Forwarded-Method", std::string(View(asked.head.method_string())));
  return headers;
}

WebhookDoor::WebhookDoor(boost::asio::io_context& io_context, HttpUrl url, const Clock& clock)
    : client_(io_context, {.url = std::move(url), .body_bytes_max = kAnswerBytesMax}),
      clock_(clock) {}

void WebhookDoor::Ask(const DoorRequest& asked, absl::AnyInvocable<void(DoorAnswer)> done) {
  const bool has_cookies = asked.head.find(http::field::cookie) != asked.head.end();
  if (has_cookies && !asked.may_use_cookies) return done(CookieOriginDenial());
  client_.Get(ForwardedHeaders(asked),
              [this, done = std::move(done)](absl::StatusOr<FetchAnswer> answer) mutable {
                done(Read(answer));
              });
}

DoorAnswer WebhookDoor::Read(const absl::StatusOr<FetchAnswer>& answer) {
  absl::Status status = answer.status();
  if (answer.ok()) {
    auto read = ReadWebhookAnswer(*answer, clock_.Now());
    if (read.ok()) return *std::move(read);
    status = read.status();
  }
  // Each stream would bring a line.
  if (clock_.Uptime() - logged_ >= kLogInterval) {
    logged_ = clock_.Uptime();
    Log(spdlog::level::warn, "the webhook of --auth-url gives no answer, and streams wait outside",
        {{"error", std::string(status.message())}});
  }
  return DoorStuck{};
}

}  // namespace sluice
