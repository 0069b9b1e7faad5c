#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

using RequestHead = boost::beast::http::request<boost::beast::http::empty_body>;

// An HTTP answer that is no stream; `code` is its stable name in the JSON body.
struct HttpError {
  unsigned status;
  std::string code;
  std::string message;
};

// What a browser asked for. Everything in it has been checked.
struct StreamRequest {
  // Empty: the server makes one up.
  std::string client_id;
  // Sorted, each once.
  std::vector<std::string> groups;
  // None or empty: a fresh stream. UTF-8, cut to 256 bytes; what it means is not checked.
  std::optional<std::string> last_event_id;
  // As it came, for the door alone; empty: the query has none.
  std::string token;
};

// How a request goes on.
struct StreamRequestResult {
  // Set: answer this. Otherwise `request` is what was asked for.
  std::optional<HttpError> error;
  StreamRequest request;
};

// Reads the request for an event stream: GET, HEAD or OPTIONS of /events. Errors: 400 for a bad
// parameter, 404 for another path, 405 for another method, 406 if text/event-stream is not
// accepted.
StreamRequestResult ReadStreamRequest(const RequestHead& head);

// RFC 9110 "Accept": the most specific range that matches text/event-stream decides, and a weight
// of 0 refuses. An absent or empty header accepts everything.
bool AcceptsEventStream(std::string_view accept);

}  // namespace sluice
