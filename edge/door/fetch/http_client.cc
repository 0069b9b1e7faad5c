#include "edge/door/fetch/http_client.h"

#include <absl/strings/str_cat.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <chrono>
#include <exception>

namespace sluice {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Request = http::request<http::empty_body>;
using Endpoints = tcp::resolver::results_type;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::uint32_t kHeadBytesMax = 16 * 1024;
constexpr std::size_t kIdleMax = 16;
constexpr auto kIdleTime = std::chrono::seconds(30);

absl::Status Failed(const char* what, const beast::error_code& error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", error.message()));
}

asio::awaitable<beast::error_code> Greet(PlainStream&) {
  co_return beast::error_code();
}

asio::awaitable<beast::error_code> Greet(TlsStream& stream) {
  beast::error_code error;
  co_await stream.async_handshake(asio::ssl::stream_base::client,
                                  asio::redirect_error(asio::use_awaitable, error));
  co_return error;
}

}  // namespace

// A connection to the URL's host.
class HttpClient::Connection {
 public:
  virtual ~Connection() = default;
  virtual asio::awaitable<absl::Status> Open(const Endpoints& endpoints,
                                             absl::Duration timeout) = 0;
  virtual asio::awaitable<absl::StatusOr<FetchAnswer>> Exchange(const Request& request,
                                                                const FetchOptions& options) = 0;
  bool keeps_alive() const { return keeps_alive_; }

 protected:
  bool keeps_alive_ = false;
};

struct HttpClient::Call {
  Call(asio::io_context& io_context, Request wanted, Done when_done)
      : request(std::move(wanted)), done(std::move(when_done)), timer(io_context) {}

  void Answer(absl::StatusOr<FetchAnswer> answer) {
    if (done != nullptr) std::exchange(done, nullptr)(std::move(answer));
  }

  const Request request;
  Done done;  // Null once answered.
  asio::steady_timer timer;
};

struct HttpClient::Idle {
  std::unique_ptr<Connection> connection;
  std::chrono::steady_clock::time_point since;
};

namespace {

template <typename Stream, typename Base>
class ConnectionOver : public Base {
 public:
  template <typename... Arguments>
  explicit ConnectionOver(Arguments&... arguments) : stream_(arguments...) {}

  Stream& stream() { return stream_; }

  asio::awaitable<absl::Status> Open(const Endpoints& endpoints, absl::Duration timeout) override {
    beast::error_code error;
    beast::tcp_stream& lowest = beast::get_lowest_layer(stream_);
    lowest.expires_after(absl::ToChronoMilliseconds(timeout));
    co_await lowest.async_connect(endpoints, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return Failed("can't connect", error);
    error = co_await Greet(stream_);
    if (error) co_return Failed("TLS", error);
    co_return absl::OkStatus();
  }

  asio::awaitable<absl::StatusOr<FetchAnswer>> Exchange(const Request& request,
                                                        const FetchOptions& options) override {
    beast::error_code error;
    beast::get_lowest_layer(stream_).expires_after(absl::ToChronoMilliseconds(options.timeout));
    co_await http::async_write(stream_, request, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return Failed("can't send", error);
    http::response_parser<http::string_body> parser;
    parser.header_limit(kHeadBytesMax);
    parser.body_limit(options.body_bytes_max);
    co_await http::async_read(stream_, buffer_, parser,
                              asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return Failed("no answer", error);
    http::response<http::string_body> response = parser.release();
    this->keeps_alive_ = response.keep_alive();
    FetchAnswer answer;
    answer.status = response.result_int();
    answer.cache_control = std::string(response[http::field::cache_control]);
    answer.www_authenticate = std::string(response[http::field::www_authenticate]);
    answer.body = std::move(response.body());
    co_return answer;
  }

 private:
  Stream stream_;
  beast::flat_buffer buffer_;
};

}  // namespace

HttpClient::HttpClient(asio::io_context& io_context, FetchOptions options)
    : io_context_(io_context), options_(std::move(options)), tls_(asio::ssl::context::tls_client) {
  if (!options_.url.is_https) return;
  boost::system::error_code error;
  static_cast<void>(tls_.set_default_verify_paths(error));
  static_cast<void>(tls_.set_verify_mode(asio::ssl::verify_peer, error));
}

HttpClient::~HttpClient() = default;

void HttpClient::Get(std::vector<Header> headers, Done done) {
  const bool is_full = call_count_.fetch_add(1, std::memory_order_relaxed) >= options_.calls_max;
  asio::post(io_context_,
             [this, is_full, headers = std::move(headers), done = std::move(done)]() mutable {
               if (!is_full) return Start(std::move(headers), std::move(done));
               call_count_.fetch_sub(1, std::memory_order_relaxed);
               done(absl::ResourceExhaustedError("too many calls are under way"));
             });
}

void HttpClient::Start(std::vector<Header> headers, Done done) {
  Request request(http::verb::get, options_.url.target, 11);
  for (const auto& [name, value] : headers) request.insert(name, value);
  request.set(http::field::host, options_.url.authority);
  request.keep_alive(true);
  const auto call = std::make_shared<Call>(io_context_, std::move(request), std::move(done));
  // Also while the name is being resolved, which nothing can stop.
  call->timer.expires_after(absl::ToChronoMilliseconds(options_.timeout));
  call->timer.async_wait([call](const beast::error_code& error) {
    if (!error) call->Answer(absl::DeadlineExceededError("no answer in time"));
  });
  asio::co_spawn(io_context_, Run(call), [this, call](const std::exception_ptr& thrown) {
    call_count_.fetch_sub(1, std::memory_order_relaxed);
    call->timer.cancel();
    if (thrown != nullptr) call->Answer(absl::InternalError("the call ended by an exception"));
  });
}

asio::awaitable<void> HttpClient::Run(std::shared_ptr<Call> call) {
  std::unique_ptr<Connection> connection = TakeIdle();
  absl::StatusOr<FetchAnswer> answer = absl::UnavailableError("no connection");
  if (connection != nullptr) answer = co_await connection->Exchange(call->request, options_);
  // An idle connection may have been closed meanwhile, so that says nothing yet.
  if (!answer.ok()) {
    auto opened = co_await Connect();
    if (!opened.ok()) {
      call->Answer(opened.status());
      co_return;
    }
    connection = *std::move(opened);
    answer = co_await connection->Exchange(call->request, options_);
  }
  if (answer.ok() && connection->keeps_alive()) KeepIdle(std::move(connection));
  call->Answer(std::move(answer));
}

asio::awaitable<absl::StatusOr<std::unique_ptr<HttpClient::Connection>>> HttpClient::Connect() {
  tcp::resolver resolver(io_context_);
  beast::error_code error;
  const Endpoints endpoints = co_await resolver.async_resolve(
      options_.url.host, options_.url.port, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return Failed("the host can't be resolved", error);
  std::unique_ptr<Connection> connection;
  if (options_.url.is_https) {
    auto made = std::make_unique<ConnectionOver<TlsStream, Connection>>(io_context_, tls_);
    TlsStream& stream = made->stream();
    stream.set_verify_callback(asio::ssl::host_name_verification(options_.url.host));
    SSL_set_tlsext_host_name(stream.native_handle(), options_.url.host.c_str());
    connection = std::move(made);
  } else {
    connection = std::make_unique<ConnectionOver<PlainStream, Connection>>(io_context_);
  }
  const absl::Status status = co_await connection->Open(endpoints, options_.timeout);
  if (!status.ok()) co_return status;
  co_return connection;
}

std::unique_ptr<HttpClient::Connection> HttpClient::TakeIdle() {
  const auto oldest = std::chrono::steady_clock::now() - kIdleTime;
  while (!idle_.empty()) {
    Idle idle = std::move(idle_.back());
    idle_.pop_back();
    if (idle.since >= oldest) return std::move(idle.connection);
    idle_.clear();  // The others are older still.
  }
  return nullptr;
}

void HttpClient::KeepIdle(std::unique_ptr<Connection> connection) {
  if (idle_.size() >= kIdleMax) idle_.erase(idle_.begin());
  idle_.push_back({std::move(connection), std::chrono::steady_clock::now()});
}

}  // namespace sluice
