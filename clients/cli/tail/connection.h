// clients/cli/tail/connection.h
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>
#include <vector>

#include "clients/cli/tail/event_source.h"
#include "clients/cli/tail/event_stream_parser.h"

namespace sluice::cli {

// How one connection of an EventSource came to its end.
struct ConnectionEnd {
  enum class Kind {
    kFinished,  // 204, or the handler wants no more.
    kRefused,   // An answer that is no event stream, or a stream over the limits.
    kClosed,    // The server ended the stream in order.
    kExpired,   // Still open at EventSourceOptions::open_until.
    kLost,      // No connection, or one that broke.
  };
  Kind kind = Kind::kLost;
  bool was_open = false;  // The head of an event stream had come.
  std::string message;    // Visible.
  int http_status = 0;    // 0 where no head of an answer came.
};

// Makes one connection and feeds the parser until it ends. All three must outlive the coroutine.
boost::asio::awaitable<ConnectionEnd> FollowConnection(const EventSourceOptions& options,
                                                       EventStreamParser& parser,
                                                       const EventSource::EventHandler& on_event);

}  // namespace sluice::cli
