#include "edge/http/handshake.h"

#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <utility>

#include "edge/door/credential.h"
#include "edge/names/text_rules.h"

namespace sluice {
namespace {

namespace http = boost::beast::http;
using Outcome = SocketResult::Outcome;

constexpr std::uint32_t kHeadBytesMax = 16 * 1024;
constexpr std::size_t kBufferBytesMax = kHeadBytesMax + 4096;
constexpr std::size_t kReadBytesMax = 4096;
constexpr absl::Duration kLingerTimeout = absl::Seconds(2);
constexpr std::size_t kLingerBytesMax = 64 * 1024;
// What is kept of a header.
constexpr std::size_t kHeaderBytesMax = 256;

std::string_view HeaderValue(const RequestHead& head, http::field field) {
  const auto found = head.find(field);
  if (found == head.end()) return {};
  return {found->value().data(), found->value().size()};
}

bool IsTooLarge(const boost::system::error_code& error) {
  return error == http::error::header_limit || error == http::error::buffer_overflow;
}

bool IsHttpError(const boost::system::error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_method).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

}  // namespace

Handshake::Handshake(StreamSocket socket, TimerWheel& wheel, const CorsPolicy& cors,
                     const TrustedProxies& trusted_proxies,
                     const std::vector<std::string>& captured_headers, HandshakeOwner& owner)
    : socket_(std::move(socket)),
      wheel_(wheel),
      cors_(cors),
      trusted_proxies_(trusted_proxies),
      captured_headers_(captured_headers),
      owner_(owner),
      buffer_(kBufferBytesMax) {}

void Handshake::Start() {
  boost::system::error_code error;
  remote_endpoint_ = socket_.tcp().remote_endpoint(error);
  if (error) return;  // The peer has gone again.
  SetStreamOptions(socket_.tcp());
  wheel_.Schedule(*this, wheel_.After(kCrowdedHeadTimeout));
  Negotiate();
}

void Handshake::Negotiate() {
  const SocketResult result = socket_.Negotiate();
  if (result.outcome == Outcome::kBroken) return Close();
  if (result.outcome == Outcome::kWouldBlock) {
    return socket_.tcp().async_wait(
        socket_.wants_write() ? TcpSocket::wait_write : TcpSocket::wait_read,
        [self = shared_from_this()](const boost::system::error_code& error) {
          if (!error) self->Negotiate();
        });
  }
  is_negotiated_ = true;
  parser_.emplace();
  parser_->header_limit(kHeadBytesMax);
  OnReadable();
}

void Handshake::ReadHead() {
  socket_.tcp().async_wait(TcpSocket::wait_read,
                           [self = shared_from_this()](const boost::system::error_code& error) {
                             if (!error) self->OnReadable();
                           });
}

void Handshake::OnReadable() {
  if (!answer_.empty()) return;  // The deadline came first.
  boost::system::error_code error = http::error::need_more;
  while (error == http::error::need_more) {
    if (head_bytes_ + buffer_.size() > kHeadBytesMax) return OnHead(http::error::header_limit);
    const auto space = buffer_.prepare(std::min(kReadBytesMax, kBufferBytesMax - buffer_.size()));
    const SocketResult result = socket_.Receive(static_cast<char*>(space.data()), space.size());
    if (result.outcome == Outcome::kWouldBlock) return ReadHead();
    if (result.outcome == Outcome::kBroken || result.bytes == 0) return Close();
    buffer_.commit(result.bytes);
    const std::size_t parsed = parser_->put(buffer_.data(), error);
    buffer_.consume(parsed);
    head_bytes_ += parsed;
  }
  // The parser itself counts each part of a head anew that comes by itself.
  if (head_bytes_ > kHeadBytesMax) error = http::error::header_limit;
  OnHead(error);
}

void Handshake::OnHead(const boost::system::error_code& error) {
  if (!error) return OnRequest(parser_->get());
  if (IsTooLarge(error)) {
    return Answer(
        ErrorAnswer({431, "head_too_large", "the request head is over 16 KiB"}, "", true));
  }
  if (IsHttpError(error)) {
    return Answer(
        ErrorAnswer({400, "bad_request", "this is no valid HTTP/1 request head"}, "", true));
  }
  Close();
}

void Handshake::OnRequest(const RequestHead& head) {
  const std::string_view origin = HeaderValue(head, http::field::origin);
  const std::string cors_lines = cors_.HeaderLines(origin);
  const bool has_body = head.method() != http::verb::head;
  StreamRequestResult result = ReadStreamRequest(head);
  if (result.error.has_value()) return Answer(ErrorAnswer(*result.error, cors_lines, has_body));
  if (head.method() == http::verb::options) return Answer(PreflightAnswer(cors_lines));
  if (cors_.Refuses(origin)) {
    return Answer(ErrorAnswer({403, "origin_refused", "pages of this origin may not read streams"},
                              cors_lines, has_body));
  }
  request_ = std::move(result.request);
  remote_endpoint_ = trusted_proxies_.SenderOf(head, remote_endpoint_);
  AskDoor(head);
}

void Handshake::AskDoor(const RequestHead& head) {
  Unlink();  // The head has come in time.
  owner_.AskDoor({head, request_, remote_endpoint_, MayUseCookies(head, cors_)},
                 [self = shared_from_this()](DoorAnswer answer) {
                   self->OnDoorAnswer(self->parser_->get(), std::move(answer));
                 });
}

void Handshake::OnDoorAnswer(const RequestHead& head, DoorAnswer answer) {
  if (auto* admission = std::get_if<Admission>(&answer)) {
    return OnAdmitted(head, std::move(*admission));
  }
  if (const auto* denial = std::get_if<Denial>(&answer)) return Deny(head, *denial);
  GiveRefusal(head, owner_.RefuseForNow());
}

void Handshake::Deny(const RequestHead& head, const Denial& denial) {
  std::string lines = cors_.HeaderLines(HeaderValue(head, http::field::origin));
  if (!denial.challenge.empty()) lines += "WWW-Authenticate: " + denial.challenge + "\r\n";
  Answer(ErrorAnswer(denial.error, lines, head.method() != http::verb::head));
}

void Handshake::GiveRefusal(const RequestHead& head, const HandshakeOwner::Refusal& refusal) {
  const std::string cors_lines = cors_.HeaderLines(HeaderValue(head, http::field::origin));
  if (refusal.is_for_good) return Answer(GoneAnswer(cors_lines));
  Answer(refusal.retry_after.has_value()
             ? OverloadAnswer(EndReasonName(refusal.reason), *refusal.retry_after, cors_lines)
             : StreamHead(cors_lines) + refusal.body);
}

void Handshake::OnAdmitted(const RequestHead& head, Admission admission) {
  std::string stream_head = StreamHead(cors_.HeaderLines(HeaderValue(head, http::field::origin)));
  if (head.method() == http::verb::head) return Answer(std::move(stream_head));
  request_.client_id = admission.client_id;
  request_.groups = admission.groups;
  std::unique_ptr<StreamPlaces> places;
  const auto refusal = owner_.Refuse(request_, remote_endpoint_.address(), places);
  if (refusal.has_value()) return GiveRefusal(head, *refusal);
  // The user agent goes into protobuf answers, which take UTF-8 only.
  owner_.OnArrival({std::move(request_), std::move(socket_), remote_endpoint_,
                    ToUtf8(HeaderValue(head, http::field::user_agent), kHeaderBytesMax),
                    std::move(admission), std::move(places), Captured(head),
                    std::move(stream_head)});
}

std::unique_ptr<const CapturedHeaders> Handshake::Captured(const RequestHead& head) const {
  auto captured = std::make_unique<CapturedHeaders>();
  for (const std::string& name : captured_headers_) {
    // Several lines of one name are a list (RFC 9110 "Field Order").
    std::string value;
    const auto [begin, end] = head.equal_range(name);
    for (auto line = begin; line != end; ++line) {
      value += value.empty() ? "" : ", ";
      value += line->value();
    }
    if (begin != end) captured->emplace_back(name, ToUtf8(value, kHeaderBytesMax));
  }
  return captured->empty() ? nullptr : std::move(captured);
}

void Handshake::OnDeadline() {
  // It is not answered while it is crowded: the answer would keep the place that others wait for.
  if (!answer_.empty() || !owner_.HasRoomForHandshakes()) return Close();
  waited_for_head_ += kCrowdedHeadTimeout;
  if (waited_for_head_ < kHeadTimeout) {
    wheel_.Schedule(*this, wheel_.After(kCrowdedHeadTimeout));
  } else if (is_negotiated_) {
    Answer(ErrorAnswer({408, "head_too_slow", "the request head took over 10 s"}, "", true));
  } else {
    Close();
  }
}

void Handshake::Answer(std::string bytes) {
  answer_ = std::move(bytes);
  wheel_.Schedule(*this, wheel_.After(kLingerTimeout));
  WriteAnswer();
}

void Handshake::WriteAnswer() {
  SocketResult result = socket_.Flush();
  while (result.outcome == Outcome::kDone && answer_written_ < answer_.size()) {
    result = socket_.Send(std::string_view(answer_).substr(answer_written_));
    answer_written_ += result.bytes;
  }
  if (result.outcome == Outcome::kBroken) return Close();
  if (answer_written_ < answer_.size() || socket_.has_unsent()) {
    return socket_.tcp().async_wait(
        TcpSocket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
          if (!error) self->WriteAnswer();
        });
  }
  socket_.ShutdownSend();
  Linger();
}

// Closing with bytes unread would send a reset, which can destroy our answer before it is read.
void Handshake::Linger() {
  socket_.tcp().async_wait(
      TcpSocket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
        if (error) return self->Close();
        const SocketResult result = self->socket_.ReceiveAndDiscard();
        self->lingered_bytes_ += result.bytes;
        const bool is_open = result.outcome == Outcome::kWouldBlock || result.bytes > 0;
        if (!is_open || self->lingered_bytes_ > kLingerBytesMax) return self->Close();
        self->Linger();
      });
}

void Handshake::Close() {
  Unlink();
  socket_.Close();
}

}  // namespace sluice
