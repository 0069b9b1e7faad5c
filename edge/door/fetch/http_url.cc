#include "edge/door/fetch/http_url.h"

#include <absl/strings/str_cat.h>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace sluice {

absl::StatusOr<HttpUrl> ParseHttpUrl(const std::string& text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed.has_value()) {
    return absl::InvalidArgumentError("is no URL; expected one such as https://id.example/keys");
  }
  HttpUrl url;
  const boost::urls::url_view view = *parsed;
  url.is_https = view.scheme_id() == boost::urls::scheme::https;
  if (!url.is_https && view.scheme_id() != boost::urls::scheme::http) {
    return absl::InvalidArgumentError("is of another scheme; expected http:// or https://");
  }
  if (view.has_userinfo()) {
    return absl::InvalidArgumentError(
        "holds a user name or password, which would show in logs; expected it without");
  }
  if (view.host().empty()) return absl::InvalidArgumentError("names no host");
  if (view.has_fragment()) {
    return absl::InvalidArgumentError("has a fragment (#…), which is not sent; leave it out");
  }
  url.host = view.host_address();
  url.port = view.has_port() && !view.port().empty() ? std::string(view.port())
                                                     : (url.is_https ? "443" : "80");
  url.target = std::string(view.encoded_path());
  if (url.target.empty()) url.target = "/";
  if (view.has_query()) {
    const std::string query(view.encoded_query());
    absl::StrAppend(&url.target, "?", query);
  }
  url.authority = std::string(view.encoded_host_and_port());
  return url;
}

}  // namespace sluice
