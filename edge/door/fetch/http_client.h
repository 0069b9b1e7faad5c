#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "edge/door/fetch/http_url.h"

namespace sluice {

struct FetchOptions {
  HttpUrl url;
  absl::Duration timeout = absl::Seconds(5);  // Of a call as a whole.
  std::size_t body_bytes_max = std::size_t{1} << 20;
  std::size_t calls_max = 256;  // Under way at a time.
};

struct FetchAnswer {
  unsigned status = 0;
  std::string body;
  std::string cache_control;
  std::string www_authenticate;
};

// GET of one URL, over connections that are kept for the next call. Follows no redirects. Of https
// it checks the certificate by the system's authorities.
// Owner:  outlives its calls; destroyed when the thread of `io_context` has ended.
// Thread: Get from any; everything else, and `done`, on the thread of `io_context`.
// Limits: those of FetchOptions; 16 KiB of answer head; 16 idle connections, for 30 s.
// Errors: RESOURCE_EXHAUSTED: calls_max are under way. DEADLINE_EXCEEDED. UNAVAILABLE: no answer.
class HttpClient {
 public:
  using Header = std::pair<std::string, std::string>;
  using Done = absl::AnyInvocable<void(absl::StatusOr<FetchAnswer>)>;

  HttpClient(boost::asio::io_context& io_context, FetchOptions options);
  ~HttpClient();

  void Get(std::vector<Header> headers, Done done);

 private:
  class Connection;
  struct Call;
  struct Idle;

  boost::asio::awaitable<void> Run(std::shared_ptr<Call> call);
  boost::asio::awaitable<absl::StatusOr<std::unique_ptr<Connection>>> Connect();
  std::unique_ptr<Connection> TakeIdle();
  void KeepIdle(std::unique_ptr<Connection> connection);
  void Start(std::vector<Header> headers, Done done);

  boost::asio::io_context& io_context_;
  const FetchOptions options_;
  boost::asio::ssl::context tls_;
  // Counted up by whoever calls, down by the thread; relaxed, because it guards nothing else.
  std::atomic<std::size_t> call_count_{0};
  std::vector<Idle> idle_;
};

}  // namespace sluice
