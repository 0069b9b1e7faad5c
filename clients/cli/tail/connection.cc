// clients/cli/tail/connection.cc
#include "clients/cli/tail/connection.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/parse.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::uint32_t kHeadSizeBytesMax = 64 << 10;
constexpr std::size_t kErrorBodySizeBytesMax = 64 << 10;
constexpr std::size_t kErrorTextColumnsMax = 300;
constexpr std::size_t kReadSizeBytes = 16 << 10;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

using ResponseParser = http::response_parser<http::buffer_body>;

// One connection and what it needs while it is open.
// Owner:  the coroutine of FollowConnection.
// Thread: that of the io_context.
class Connection {
 public:
  Connection(asio::any_io_executor executor, const EventSourceOptions& options,
             EventStreamParser& parser, const EventSource::EventHandler& on_event)
      : options_(options),
        parser_(parser),
        on_event_(on_event),
        resolver_(executor),
        stream_(executor) {
    response_.header_limit(kHeadSizeBytesMax);
    response_.body_limit(boost::none);
  }

  asio::awaitable<ConnectionEnd> Follow() {
    const error_code error = co_await Ask();
    if (error) co_return Lost(false, error);
    ConnectionEnd end = co_await FollowAnswer();
    end.http_status = static_cast<int>(response_.get().result_int());
    co_return end;
  }

 private:
  asio::awaitable<ConnectionEnd> FollowAnswer() {
    const http::status status = response_.get().result();
    if (status == http::status::no_content) {
      co_return ConnectionEnd{ConnectionEnd::Kind::kFinished, false, "the server ended the stream"};
    }
    if (status != http::status::ok || !IsEventStream()) co_return co_await Refusal();
    stream_.expires_never();
    if (options_.open_until != absl::InfiniteFuture()) {
      stream_.expires_after(absl::ToChronoNanoseconds(options_.open_until - absl::Now()));
    }
    co_return co_await ReadEvents();
  }

  // Connects, sends the request and reads the head of the answer.
  asio::awaitable<error_code> Ask() {
    auto [not_resolved, addresses] =
        co_await resolver_.async_resolve(options_.target.host, options_.target.port, kAwait);
    if (not_resolved) co_return not_resolved;
    stream_.expires_after(absl::ToChronoNanoseconds(options_.timeout));
    auto [not_connected, address] = co_await stream_.async_connect(addresses, kAwait);
    if (not_connected) co_return not_connected;
    const http::request<http::empty_body> request = MakeRequest();
    auto [not_written, written_bytes] = co_await http::async_write(stream_, request, kAwait);
    if (not_written) co_return not_written;
    auto [not_read, read_bytes] =
        co_await http::async_read_header(stream_, buffer_, response_, kAwait);
    co_return not_read;
  }

  http::request<http::empty_body> MakeRequest() const {
    http::request<http::empty_body> request(http::verb::get, options_.target.path_and_query, 11);
    request.set(http::field::host, options_.target.host_header);
    request.set(http::field::user_agent, "sluicectl/" SLUICE_VERSION);
    request.set(http::field::accept, "text/event-stream");
    request.set(http::field::cache_control, "no-store");
    for (const auto& [name, value] : options_.headers) request.set(name, value);
    // WHATWG HTML, "The Last-Event-ID header".
    if (!parser_.last_event_id().empty()) request.set("Last-Event-ID", parser_.last_event_id());
    return request;
  }

  // RFC 9110, "Media Type": the parameters do not matter here.
  bool IsEventStream() const {
    const auto field = response_.get()[http::field::content_type];
    const std::string type(field.data(), field.size());
    const absl::string_view essence =
        absl::StripAsciiWhitespace(absl::string_view(type).substr(0, type.find(';')));
    return absl::AsciiStrToLower(essence) == "text/event-stream";
  }

  asio::awaitable<ConnectionEnd> ReadEvents() {
    while (!response_.is_done()) {
      error_code error;
      const std::string bytes = co_await ReadSome(error);
      events_.clear();
      const absl::Status fed = parser_.Feed(bytes, events_);
      for (const StreamEvent& event : events_) {
        if (!on_event_(event)) co_return ConnectionEnd{ConnectionEnd::Kind::kFinished, true, ""};
      }
      if (!fed.ok()) {
        co_return ConnectionEnd{ConnectionEnd::Kind::kRefused, true, std::string(fed.message())};
      }
      if (error == beast::error::timeout) {
        co_return ConnectionEnd{ConnectionEnd::Kind::kExpired, true, "the time is over"};
      }
      if (error) co_return Lost(true, error);
    }
    co_return ConnectionEnd{ConnectionEnd::Kind::kClosed, true, "the server closed the stream"};
  }

  // The next bytes of the body; they may come together with the error that ends it.
  asio::awaitable<std::string> ReadSome(error_code& error) {
    response_.get().body().data = bytes_.data();
    response_.get().body().size = bytes_.size();
    response_.get().body().more = true;
    auto [read_error, read_bytes] =
        co_await http::async_read_some(stream_, buffer_, response_, kAwait);
    error = read_error == http::error::need_buffer ? error_code() : read_error;
    co_return std::string(bytes_.data(), bytes_.size() - response_.get().body().size);
  }

  asio::awaitable<ConnectionEnd> Refusal() {
    std::string body;
    error_code error;
    while (!response_.is_done() && !error && body.size() < kErrorBodySizeBytesMax &&
           response_.get().result() != http::status::ok) {
      body += co_await ReadSome(error);
    }
    ConnectionEnd end;
    end.kind = ConnectionEnd::Kind::kRefused;
    end.message = Visible(absl::StrCat("the server answered ", response_.get().result_int(), " ",
                                       std::string(response_.get().reason()), ExplainBody(body)));
    if (response_.get().result() == http::status::ok) {
      end.message = Visible(absl::StrCat("the answer is no event stream but ",
                                         std::string(response_.get()[http::field::content_type]),
                                         "; is the URL right?"));
    } else if (const auto location = response_.get()[http::field::location]; !location.empty()) {
      end.message += Visible(absl::StrCat("; it names ", std::string(location)));
    }
    co_return end;
  }

  // Sluice explains itself as {"error":{"code","message"}}; others in text, of which the first line
  // has to do.
  static std::string ExplainBody(const std::string& body) {
    boost::system::error_code not_json;
    const boost::json::value json = boost::json::parse(body, not_json);
    if (!not_json && json.is_object()) {
      const boost::json::value* error = json.get_object().if_contains("error");
      const boost::json::value* message = error != nullptr && error->is_object()
                                              ? error->get_object().if_contains("message")
                                              : nullptr;
      if (message != nullptr && message->is_string()) {
        return absl::StrCat(": ", std::string(message->get_string()));
      }
    }
    const std::string line = body.substr(0, body.find_first_of("\r\n"));
    return line.empty() ? "" : absl::StrCat(": ", line.substr(0, kErrorTextColumnsMax));
  }

  ConnectionEnd Lost(bool was_open, const error_code& error) const {
    std::string reason = error.message();
    if (error == beast::error::timeout) {
      reason = absl::StrCat("no answer within ", FormatElapsed(options_.timeout));
    } else if (error == http::error::end_of_stream || error == http::error::partial_message) {
      reason = "the connection ended too early";
    } else if (error.category() == beast::error_code(http::error::bad_version).category()) {
      reason = absl::StrCat("what answers there does not speak HTTP/1.1 (", reason, ")");
    }
    const std::string prefix = was_open ? "lost the stream" : "cannot reach ";
    return {
        ConnectionEnd::Kind::kLost, was_open,
        Visible(absl::StrCat(prefix, was_open ? "" : options_.target.host_header, ": ", reason))};
  }

  const EventSourceOptions& options_;
  EventStreamParser& parser_;
  const EventSource::EventHandler& on_event_;
  asio::ip::tcp::resolver resolver_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  ResponseParser response_;
  std::array<char, kReadSizeBytes> bytes_;
  std::vector<StreamEvent> events_;
};

}  // namespace

asio::awaitable<ConnectionEnd> FollowConnection(const EventSourceOptions& options,
                                                EventStreamParser& parser,
                                                const EventSource::EventHandler& on_event) {
  const auto executor = co_await asio::this_coro::executor;
  Connection connection(executor, options, parser, on_event);
  co_return co_await connection.Follow();
}

}  // namespace sluice::cli
