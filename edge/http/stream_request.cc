#include "edge/http/stream_request.h"

#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>

#include "edge/names/text_rules.h"

namespace sluice {
namespace {

namespace http = boost::beast::http;

// An id that can't be one of ours is still told back in a gap, so it must at least be text.
constexpr std::size_t kLastEventIdBytesMax = 256;

HttpError BadParameter(std::string_view name, const absl::Status& status) {
  return {400, "bad_parameter",
          absl::StrCat("query parameter `", absl::string_view(name.data(), name.size()), "` ",
                       status.message())};
}

std::optional<HttpError> ReadParameter(const std::string& name, const std::string& value,
                                       StreamRequest& request) {
  if (name == "client_id") {
    const absl::Status status = CheckName(value);
    if (!status.ok()) return BadParameter(name, status);
    if (!request.client_id.empty()) {
      return BadParameter(name, absl::InvalidArgumentError("is given twice; expected it once"));
    }
    request.client_id = value;
  } else if (name == "group") {
    const absl::Status status = CheckName(value);
    if (!status.ok()) return BadParameter(name, status);
    request.groups.push_back(value);
  } else if (name == "last_event_id" && !value.empty()) {
    request.last_event_id = ToUtf8(value, kLastEventIdBytesMax);
  } else if (name == "token") {
    if (!request.token.empty()) {
      return BadParameter(name, absl::InvalidArgumentError("is given twice; expected it once"));
    }
    request.token = value;
  }
  // Others are ignored: pages add parameters of their own against caches.
  return std::nullopt;
}

std::optional<HttpError> ReadQuery(const boost::urls::url_view& url, StreamRequest& request) {
  for (const auto& parameter : url.params()) {
    auto error = ReadParameter(parameter.key, parameter.value, request);
    if (error.has_value()) return error;
  }
  std::sort(request.groups.begin(), request.groups.end());
  request.groups.erase(std::unique(request.groups.begin(), request.groups.end()),
                       request.groups.end());
  if (request.groups.size() > kGroupsMax) {
    return HttpError{400, "bad_parameter",
                     absl::StrCat("query parameter `group` names ", request.groups.size(),
                                  " groups; at most ", kGroupsMax, " are allowed")};
  }
  return std::nullopt;
}

std::optional<HttpError> CheckMethodAndAccept(const RequestHead& head) {
  const http::verb method = head.method();
  if (method != http::verb::get && method != http::verb::head && method != http::verb::options) {
    return HttpError{405, "method_not_allowed", "/events answers GET, HEAD and OPTIONS"};
  }
  std::string accept;
  for (auto [field, end] = head.equal_range(http::field::accept); field != end; ++field) {
    if (!accept.empty()) accept.push_back(',');
    accept.append(field->value().data(), field->value().size());
  }
  if (method != http::verb::options && !AcceptsEventStream(accept)) {
    return HttpError{406, "not_acceptable",
                     "the Accept header excludes text/event-stream, which is all there is here"};
  }
  return std::nullopt;
}

}  // namespace

bool AcceptsEventStream(std::string_view accept) {
  if (absl::StripAsciiWhitespace({accept.data(), accept.size()}).empty()) return true;
  int best_specificity = -1;
  bool is_accepted = false;
  for (absl::string_view range :
       absl::StrSplit(absl::string_view(accept.data(), accept.size()), ',')) {
    std::vector<absl::string_view> parts = absl::StrSplit(range, ';');
    const std::string type = absl::AsciiStrToLower(absl::StripAsciiWhitespace(parts.front()));
    int specificity = -1;
    if (type == "text/event-stream") specificity = 2;
    if (type == "text/*") specificity = 1;
    if (type == "*/*") specificity = 0;
    if (specificity <= best_specificity) continue;
    best_specificity = specificity;
    is_accepted = true;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const absl::string_view parameter = absl::StripAsciiWhitespace(parts[i]);
      if (!absl::StartsWithIgnoreCase(parameter, "q=")) continue;
      // A weight is 0 if it has no digit but 0 (RFC 9110 "Quality Values").
      is_accepted = parameter.find_first_of("123456789") != absl::string_view::npos;
    }
  }
  return is_accepted;
}

namespace {

// Path and query, or a whole URL, which a server has to take too (RFC 9112 "Absolute-Form").
boost::urls::result<boost::urls::url_view> ParseTarget(boost::beast::string_view target) {
  if (!target.empty() && target.front() != '/') {
    auto url = boost::urls::parse_absolute_uri(target);
    if (url.has_value() && (url->scheme() == "http" || url->scheme() == "https")) return url;
  }
  return boost::urls::parse_origin_form(target);
}

}  // namespace

StreamRequestResult ReadStreamRequest(const RequestHead& head) {
  StreamRequestResult result;
  const auto url = ParseTarget(head.target());
  if (!url.has_value()) {
    result.error = {400, "bad_request", "the request target is no valid path and query"};
    return result;
  }
  if (url->encoded_path() != "/events") {
    result.error = {404, "not_found", "nothing is here; event streams are at /events"};
    return result;
  }
  result.error = CheckMethodAndAccept(head);
  if (result.error.has_value()) return result;
  result.error = ReadQuery(*url, result.request);
  if (result.error.has_value()) return result;
  // The header is what a browser sends by itself when it reconnects, so it is newer than the query.
  const auto last_event_id = head.find("Last-Event-ID");
  if (last_event_id != head.end()) {
    const auto value = last_event_id->value();
    result.request.last_event_id = ToUtf8({value.data(), value.size()}, kLastEventIdBytesMax);
  }
  return result;
}

}  // namespace sluice
