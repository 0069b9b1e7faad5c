// clients/cli/tail/event_source.cc
#include "clients/cli/tail/event_source.h"

#include <absl/strings/str_cat.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <csignal>
#include <exception>

#include "clients/cli/tail/connection.h"
#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

namespace asio = boost::asio;

// WHATWG HTML leaves the first value to the client, "probably in the region of a few seconds".
constexpr absl::Duration kReconnectionTimeDefault = absl::Seconds(3);

// WHATWG HTML, "reestablish the connection", lets a client wait longer after each failure.
constexpr absl::Duration kBackoffMax = absl::Seconds(30);
constexpr int kDoublingsMax = 5;

absl::Duration Backoff(absl::Duration reconnection_time, int failures_in_a_row) {
  const int doublings = std::clamp(failures_in_a_row - 1, 0, kDoublingsMax);
  return std::min(reconnection_time * (1 << doublings), std::max(reconnection_time, kBackoffMax));
}

using Result = EventSource::Result;

ExitCode ExitCodeOf(ConnectionEnd::Kind kind) {
  switch (kind) {
    case ConnectionEnd::Kind::kFinished:
    case ConnectionEnd::Kind::kClosed:
      return ExitCode::kDone;
    case ConnectionEnd::Kind::kRefused:
    case ConnectionEnd::Kind::kExpired:
      return ExitCode::kRefused;
    case ConnectionEnd::Kind::kLost:
      break;
  }
  return ExitCode::kUnreachable;
}

Result Finished(const ConnectionEnd& end) {
  return {ExitCodeOf(end.kind), end.message, end.http_status,
          end.kind == ConnectionEnd::Kind::kExpired};
}

asio::awaitable<Result> Follow(const EventSourceOptions& options,
                               const EventSource::EventHandler& on_event,
                               const EventSource::NoticeHandler& on_notice) {
  absl::Duration reconnection_time = kReconnectionTimeDefault;
  std::string last_event_id = options.last_event_id;
  bool was_ever_open = false;
  int failures_in_a_row = 0;
  while (true) {
    EventStreamParser parser(last_event_id);
    const ConnectionEnd end = co_await FollowConnection(options, parser, on_event);
    last_event_id = parser.last_event_id();
    reconnection_time = parser.reconnection_time().value_or(reconnection_time);
    was_ever_open = was_ever_open || end.was_open;
    failures_in_a_row = end.was_open ? 0 : failures_in_a_row + 1;
    const bool comes_back =
        end.kind == ConnectionEnd::Kind::kClosed || end.kind == ConnectionEnd::Kind::kLost;
    if (!comes_back || !options.reconnects || !was_ever_open) co_return Finished(end);
    const absl::Duration delay = Backoff(reconnection_time, failures_in_a_row);
    on_notice(absl::StrCat(end.message, "; reconnecting in ", FormatElapsed(delay)));
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(absl::ToChronoMilliseconds(delay));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

}  // namespace

EventSource::EventSource(EventSourceOptions options, EventHandler on_event, NoticeHandler on_notice)
    : options_(std::move(options)),
      on_event_(std::move(on_event)),
      on_notice_(std::move(on_notice)) {}

EventSource::Result EventSource::Run() {
  Result result;
  asio::signal_set signals(io_, SIGINT, SIGTERM);
  // Stopping leaves the coroutine where it waits; the io_context destroys it with its connection.
  signals.async_wait([&](const boost::system::error_code& error, int signal) {
    if (error) return;
    result.exit_code = signal == SIGINT ? ExitCode::kInterrupted : ExitCode::kTerminated;
    io_.stop();
  });
  const auto on_end = [&](std::exception_ptr thrown, Result end) {
    result = std::move(end);
    if (thrown) {
      try {
        std::rethrow_exception(thrown);
      } catch (const std::exception& exception) {
        result = {ExitCode::kRefused, Visible(exception.what()), 0, false};
      }
    }
    io_.stop();
  };
  asio::co_spawn(io_, Follow(options_, on_event_, on_notice_), on_end);
  io_.run();
  return result;
}

void EventSource::Stop() {
  io_.stop();
}

}  // namespace sluice::cli
