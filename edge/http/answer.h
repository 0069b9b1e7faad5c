#pragma once

#include <absl/time/time.h>

#include <string>
#include <string_view>
#include <vector>

#include "edge/http/stream_request.h"

namespace sluice {

// What `--cors-origin` allows.
class CorsPolicy {
 public:
  // Exact origins such as `https://app.example`, or the single `*`, which then goes without
  // credentials. Empty: no page of another origin may read streams.
  explicit CorsPolicy(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  // True if a page of this origin must be turned away: origins are configured and it is not one of
  // them. An empty origin (no Origin header: not a browser's cross-origin request) is never
  // refused.
  bool Refuses(std::string_view origin) const;

  // True if pages of this origin are named and so may use cookies; `*` names nobody.
  bool AllowsCredentials(std::string_view origin) const;

  // The header lines for an answer to this origin, each with its CRLF; may be empty.
  std::string HeaderLines(std::string_view origin) const;

 private:
  std::vector<std::string> origins_;
};

// The head of a stream's 200 answer. The body ends with the connection, so HTTP/1.0 works too.
std::string StreamHead(std::string_view cors_lines);

// The answer to OPTIONS: 204 with what a preflight asks for (Fetch, "CORS protocol").
std::string PreflightAnswer(std::string_view cors_lines);

// The answer to a stream that shall not come back: 204, at which a native EventSource stops (WHATWG
// HTML, "Processing model" of server-sent events).
std::string GoneAnswer(std::string_view cors_lines);

// A whole answer with a JSON body {"error":{"code","message"}}. `has_body` is false for HEAD.
std::string ErrorAnswer(const HttpError& error, std::string_view cors_lines, bool has_body);

// 503 with Retry-After, for --overload-response=503. `reason` is its code.
std::string OverloadAnswer(std::string_view reason, absl::Duration retry_after,
                           std::string_view cors_lines);

}  // namespace sluice
