// clients/cli/tail/target.cc
#include "clients/cli/tail/target.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace sluice::cli {

absl::StatusOr<TailTarget> ParseTailTarget(const std::string& url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed.has_value() || !parsed->has_authority() || parsed->encoded_host().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", url,
                     "' is no URL; expected one such as http://127.0.0.1:8080/events, with special "
                     "characters percent-encoded"));
  }
  const boost::urls::url_view view = *parsed;
  if (view.scheme_id() == boost::urls::scheme::https) {
    return absl::InvalidArgumentError(
        "sluicectl cannot speak https yet; give the http address of Sluice itself");
  }
  if (view.scheme_id() != boost::urls::scheme::http) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", std::string(view.scheme()), "' is no scheme that sluicectl knows; use http"));
  }
  if (view.has_userinfo()) {
    return absl::InvalidArgumentError(
        "the URL has a user name or password, which would show in the list of processes; use "
        "--header @FILE");
  }
  TailTarget target;
  target.port = view.port().empty() ? "80" : std::string(view.port());
  target.host = view.host_type() == boost::urls::host_type::ipv6 ? std::string(view.host_address())
                                                                 : std::string(view.host());
  target.host_header = std::string(view.encoded_host());
  if (target.port != "80") absl::StrAppend(&target.host_header, ":", target.port);
  target.path_and_query = view.encoded_path().empty() ? "/" : std::string(view.encoded_path());
  if (view.has_query()) {
    absl::StrAppend(&target.path_and_query, "?", std::string(view.encoded_query()));
  }
  return target;
}

}  // namespace sluice::cli
