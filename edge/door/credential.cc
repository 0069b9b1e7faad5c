#include "edge/door/credential.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_split.h>
#include <boost/beast/http/field.hpp>

namespace sluice {
namespace {

namespace http = boost::beast::http;

constexpr absl::string_view kCookieName = "token";

template <typename Name>
absl::string_view HeaderValue(const RequestHead& head, const Name& name) {
  const auto found = head.find(name);
  if (found == head.end()) return {};
  return {found->value().data(), found->value().size()};
}

// RFC 6265, 4.2.1 "Cookie". A value may be quoted.
std::string CookieToken(const RequestHead& head) {
  for (auto [field, end] = head.equal_range(http::field::cookie); field != end; ++field) {
    const absl::string_view value(field->value().data(), field->value().size());
    for (const absl::string_view pair : absl::StrSplit(value, ';')) {
      const std::pair<absl::string_view, absl::string_view> cookie =
          absl::StrSplit(absl::StripAsciiWhitespace(pair), absl::MaxSplits('=', 1));
      if (cookie.first != kCookieName) continue;
      absl::string_view token = cookie.second;
      if (token.size() >= 2 && token.front() == '"' && token.back() == '"') {
        token = token.substr(1, token.size() - 2);
      }
      return std::string(token);
    }
  }
  return "";
}

// Whether the origin is that of the address the request was sent to. Behind a proxy that ends TLS
// the scheme is not known here, so host and port have to do.
bool IsSameHost(absl::string_view origin, absl::string_view host) {
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == absl::string_view::npos) return false;
  return absl::EqualsIgnoreCase(origin.substr(scheme_end + 3), host);
}

}  // namespace

std::string_view BearerToken(std::string_view authorization) {
  constexpr absl::string_view kScheme = "Bearer ";
  const absl::string_view value(authorization.data(), authorization.size());
  if (!absl::StartsWithIgnoreCase(value, kScheme)) return {};
  const absl::string_view token = absl::StripAsciiWhitespace(value.substr(kScheme.size()));
  return {token.data(), token.size()};
}

StreamToken FindToken(const RequestHead& head, const StreamRequest& request) {
  const absl::string_view authorization = HeaderValue(head, http::field::authorization);
  const std::string_view bearer = BearerToken({authorization.data(), authorization.size()});
  if (!bearer.empty()) return {std::string(bearer), false};
  if (!request.token.empty()) return {request.token, false};
  return {CookieToken(head), true};
}

bool MayUseCookies(const RequestHead& head, const CorsPolicy& cors) {
  const absl::string_view origin = HeaderValue(head, http::field::origin);
  const absl::string_view site = HeaderValue(head, "Sec-Fetch-Site");
  if (cors.AllowsCredentials({origin.data(), origin.size()})) return true;
  // What the browser itself says of the page. `none`: the user opened it, no page did.
  if (!site.empty()) return site == "same-origin" || (site == "none" && origin.empty());
  return origin.empty() || IsSameHost(origin, HeaderValue(head, http::field::host));
}

Denial CookieOriginDenial() {
  return {{403, "origin_refused",
           "pages of this origin may not use cookies here; --cors-origin names those that may"},
          ""};
}

}  // namespace sluice
