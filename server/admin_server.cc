#include "server/admin_server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <utility>

#include "edge/http/acceptor.h"

namespace sluice {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using asio::ip::tcp;

constexpr int kConnectionsMax = 64;
constexpr std::uint32_t kHeadBytesMax = 8 * 1024;
constexpr auto kRequestTimeout = std::chrono::seconds(5);
// Prometheus, "Exposition formats".
constexpr char kMetricsType[] = "text/plain; version=0.0.4; charset=utf-8";
constexpr auto kRest = std::chrono::milliseconds(100);

using Response = http::response<http::string_body>;

Response Answer(const http::request<http::empty_body>& request, http::status status,
                const char* type, std::string body) {
  Response response(status, request.version());
  response.set(http::field::content_type, type);
  response.set(http::field::cache_control, "no-store");
  response.keep_alive(request.keep_alive());
  if (status == http::status::method_not_allowed) response.set(http::field::allow, "GET, HEAD");
  response.body() = std::move(body);
  response.prepare_payload();
  if (request.method() == http::verb::head) response.body().clear();
  return response;
}

Response Route(const http::request<http::empty_body>& request, const AdminPages& pages) {
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    return Answer(request, http::status::method_not_allowed, "text/plain", "GET and HEAD only\n");
  }
  const auto path = request.target().substr(0, request.target().find('?'));
  if (path == "/healthz") return Answer(request, http::status::ok, "text/plain", "ok\n");
  if (path == "/readyz") {
    const Readiness now = pages.readiness();
    return Answer(request, now.is_ready ? http::status::ok : http::status::service_unavailable,
                  "application/json", ReadinessJson(now));
  }
  if (path == "/metrics") {
    auto metrics = pages.metrics();
    if (metrics.has_value()) {
      return Answer(request, http::status::ok, kMetricsType, *std::move(metrics));
    }
    return Answer(request, http::status::service_unavailable, "text/plain",
                  "not all parts told their counts in time\n");
  }
  return Answer(request, http::status::not_found, "text/plain",
                "here are /healthz, /readyz and /metrics\n");
}

asio::awaitable<void> Serve(beast::tcp_stream stream, const AdminPages& pages) {
  beast::flat_buffer buffer(kHeadBytesMax + 1024);
  beast::error_code error;
  while (!error) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(kHeadBytesMax);
    stream.expires_after(kRequestTimeout);
    co_await http::async_read(stream, buffer, parser,
                              asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    Response response = Route(parser.get(), pages);
    const bool goes_on = response.keep_alive();
    co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
    if (!goes_on) break;
  }
  static_cast<void>(stream.socket().shutdown(tcp::socket::shutdown_both, error));
}

}  // namespace

std::string ReadinessJson(const Readiness& readiness) {
  json::object checks;
  for (const ReadinessCheck& check : readiness.checks) {
    checks[check.name] =
        json::object{{"ok", check.ok}, {"age_ms", check.age_ms}, {"detail", check.detail}};
  }
  return json::serialize(json::object{{"ready", readiness.is_ready}, {"checks", checks}}) + "\n";
}

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const std::string& address,
                                                                AdminPages pages) {
  const auto endpoint = ParseEndpoint(address);
  if (!endpoint.ok()) return endpoint.status();
  const auto probed = ProbePort(*endpoint);
  if (!probed.ok()) return probed.status();
  std::unique_ptr<AdminServer> server(new AdminServer());
  server->pages_ = std::move(pages);
  beast::error_code error;
  tcp::acceptor& acceptor = server->acceptor_;
  static_cast<void>(acceptor.open(probed->protocol(), error));
  if (!error) static_cast<void>(acceptor.set_option(tcp::acceptor::reuse_address(true), error));
  if (!error) static_cast<void>(acceptor.bind(*probed, error));
  if (!error) static_cast<void>(acceptor.listen(kConnectionsMax, error));
  if (error) return absl::UnavailableError("cannot serve the admin port: " + error.message());
  server->address_ = acceptor.local_endpoint();
  server->Accept();
  server->thread_ = std::thread([&io_context = server->io_context_] { io_context.run(); });
  return server;
}

void AdminServer::Accept() {
  acceptor_.async_accept([this](const beast::error_code& error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error && open_count_ < kConnectionsMax) {
      ++open_count_;
      asio::co_spawn(io_context_, Serve(beast::tcp_stream(std::move(socket)), pages_),
                     [this](const std::exception_ptr&) { --open_count_; });
    }
    if (!error) return Accept();
    // Out of files, most likely; trying again at once would spin.
    rest_.expires_after(kRest);
    rest_.async_wait([this](const beast::error_code& canceled) {
      if (!canceled) Accept();
    });
  });
}

AdminServer::~AdminServer() {
  io_context_.stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace sluice
