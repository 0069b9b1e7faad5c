#include "edge/http/answer.h"

#include <absl/strings/str_cat.h>
#include <boost/beast/http/status.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

namespace json = boost::json;

absl::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

std::string StatusLine(unsigned status) {
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return absl::StrCat("HTTP/1.1 ", status, " ", absl::string_view(reason.data(), reason.size()),
                      "\r\n");
}

std::string JsonAnswer(const HttpError& error, std::string_view lines, bool has_body) {
  const std::string body =
      json::serialize(json::value{{"error", {{"code", error.code}, {"message", error.message}}}});
  return absl::StrCat(StatusLine(error.status),
                      "Content-Type: application/json\r\nCache-Control: no-store\r\n", View(lines),
                      "Content-Length: ", body.size(), "\r\nConnection: close\r\n\r\n",
                      has_body ? body : "");
}

}  // namespace

bool CorsPolicy::Refuses(std::string_view origin) const {
  if (origins_.empty() || origin.empty() || origins_.front() == "*") return false;
  return std::find(origins_.begin(), origins_.end(), origin) == origins_.end();
}

bool CorsPolicy::AllowsCredentials(std::string_view origin) const {
  if (origins_.empty() || origin.empty() || origins_.front() == "*") return false;
  return !Refuses(origin);
}

std::string CorsPolicy::HeaderLines(std::string_view origin) const {
  if (origins_.empty()) return "";
  if (origins_.front() == "*") return "Access-Control-Allow-Origin: *\r\n";
  // Caches must not give one origin's answer to another.
  if (origin.empty() || Refuses(origin)) return "Vary: Origin\r\n";
  return absl::StrCat("Access-Control-Allow-Origin: ", View(origin),
                      "\r\nAccess-Control-Allow-Credentials: true\r\nVary: Origin\r\n");
}

std::string StreamHead(std::string_view cors_lines) {
  return absl::StrCat(StatusLine(200),
                      "Content-Type: text/event-stream\r\nCache-Control: no-cache, no-transform\r\n"
                      "X-Accel-Buffering: no\r\n",
                      View(cors_lines), "Connection: close\r\n\r\n");
}

std::string PreflightAnswer(std::string_view cors_lines) {
  return absl::StrCat(
      StatusLine(204), "Allow: GET, HEAD, OPTIONS\r\n", View(cors_lines),
      "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
      "Access-Control-Allow-Headers: Authorization, Cache-Control, Last-Event-ID\r\n"
      "Access-Control-Max-Age: 600\r\nConnection: close\r\n\r\n");
}

std::string GoneAnswer(std::string_view cors_lines) {
  return absl::StrCat(StatusLine(204), View(cors_lines), "Connection: close\r\n\r\n");
}

std::string ErrorAnswer(const HttpError& error, std::string_view cors_lines, bool has_body) {
  std::string lines(cors_lines);
  if (error.status == 405) lines.append("Allow: GET, HEAD, OPTIONS\r\n");
  return JsonAnswer(error, lines, has_body);
}

std::string OverloadAnswer(std::string_view reason, absl::Duration retry_after,
                           std::string_view cors_lines) {
  const auto seconds = absl::ToInt64Seconds(absl::Ceil(retry_after, absl::Seconds(1)));
  return JsonAnswer({503, std::string(reason), "no stream can be opened now; try again later"},
                    absl::StrCat(View(cors_lines), "Retry-After: ", seconds, "\r\n"), true);
}

}  // namespace sluice
