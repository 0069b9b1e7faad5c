#include "server/check/check.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <boost/asio/io_context.hpp>

#include <sstream>

#include "edge/door/fetch/http_client.h"
#include "edge/door/fetch/http_url.h"

namespace sluice {
namespace {

namespace ip = boost::asio::ip;

constexpr absl::Duration kTimeout = absl::Seconds(3);
constexpr std::size_t kBodyBytesMax = 64 * 1024;

}  // namespace

std::string HealthUrl(const ip::tcp::endpoint& admin) {
  ip::tcp::endpoint asked = admin;
  if (asked.address() == ip::address_v4::any()) asked.address(ip::address_v4::loopback());
  if (asked.address() == ip::address_v6::any()) asked.address(ip::address_v6::loopback());
  std::ostringstream url;
  url << "http://" << asked << "/healthz";
  return url.str();
}

CheckResult CheckUrl(const std::string& url) {
  auto parsed = ParseHttpUrl(url);
  if (!parsed.ok()) return {false, absl::StrCat("--check-url ", parsed.status().message())};
  CheckResult result;
  boost::asio::io_context io_context(1);
  HttpClient client(
      io_context,
      {.url = *std::move(parsed), .timeout = kTimeout, .body_bytes_max = kBodyBytesMax});
  client.Get({}, [&](absl::StatusOr<FetchAnswer> answer) {
    if (!answer.ok()) {
      result.line = absl::StrCat(url, ": ", answer.status().message());
    } else {
      result.is_ok = answer->status == 200;
      result.line =
          absl::StrCat(url, ": ", answer->status, " ", absl::StripSuffix(answer->body, "\n"));
    }
    io_context.stop();
  });
  io_context.run();
  return result;
}

}  // namespace sluice
