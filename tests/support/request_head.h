#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include <string>
#include <vector>

#include "edge/base/check.h"
#include "edge/http/stream_request.h"

namespace sluice::tests {

// The head of GET target, with these header lines.
inline RequestHead HeadOf(const std::string& target, const std::vector<std::string>& lines = {}) {
  std::string bytes = "GET " + target + " HTTP/1.1\r\n";
  for (const std::string& line : lines) bytes += line + "\r\n";
  bytes += "\r\n";
  boost::beast::http::request_parser<boost::beast::http::empty_body> parser;
  boost::system::error_code error;
  parser.put(boost::asio::buffer(bytes), error);
  SLUICE_CHECK(!error && parser.is_header_done());
  return parser.release();
}

}  // namespace sluice::tests
