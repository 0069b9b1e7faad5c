// The head of a request, as anybody on the network may send it.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstddef>
#include <cstdint>

#include "edge/base/check.h"
#include "edge/door/credential.h"
#include "edge/http/stream_request.h"
#include "edge/names/text_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace http = boost::beast::http;
  http::request_parser<http::empty_body> parser;
  parser.header_limit(16 * 1024);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(data, size), error);
  if (error || !parser.is_header_done()) return 0;
  const sluice::CorsPolicy cors({"https://app.example"});
  const bool may_use_cookies = sluice::MayUseCookies(parser.get(), cors);
  SLUICE_CHECK(may_use_cookies || parser.get().find("Origin") != parser.get().end() ||
               parser.get().find("Sec-Fetch-Site") != parser.get().end());
  const sluice::StreamRequestResult result = sluice::ReadStreamRequest(parser.get());
  if (result.error.has_value()) {
    SLUICE_CHECK(result.error->status >= 400 && result.error->status < 500);
    return 0;
  }
  const sluice::StreamRequest& request = result.request;
  static_cast<void>(sluice::FindToken(parser.get(), request));
  SLUICE_CHECK(request.client_id.empty() || sluice::CheckName(request.client_id).ok());
  SLUICE_CHECK(request.groups.size() <= sluice::kGroupsMax);
  for (const auto& group : request.groups) SLUICE_CHECK(sluice::CheckName(group).ok());
  return 0;
}
