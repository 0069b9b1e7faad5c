#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include <memory>
#include <optional>
#include <string>

#include "edge/door/limits/stream_limits.h"
#include "edge/door/limits/trusted_proxies.h"
#include "edge/door/stream_door.h"
#include "edge/http/answer.h"
#include "edge/http/captured_headers.h"
#include "edge/http/stream_request.h"
#include "edge/session/stream_socket.h"
#include "edge/session/timer_wheel.h"
#include "edge/sse/server_events.h"

namespace sluice {

// A request for a stream that may be let in, with the connection it came by.
struct StreamArrival {
  StreamRequest request;
  StreamSocket socket;
  boost::asio::ip::tcp::endpoint remote_endpoint;  // Or whom a trusted proxy speaks for; port 0.
  std::string user_agent;                          // Cut to 256 bytes.
  Admission admission;                             // Which the request gave way to.
  std::unique_ptr<StreamPlaces> places;            // Null: nothing is limited.
  std::unique_ptr<const CapturedHeaders> headers;  // Null: none.
  std::string head;  // The bytes of the 200 answer, which the stream begins with.
};

// The shard as a handshake sees it.
class HandshakeOwner {
 public:
  virtual ~HandshakeOwner() = default;

  // What a request gets that is not let in: 204 if it shall not come back, 503 with the time after
  // which to come back if that is set, else a stream that ends after this body.
  struct Refusal {
    EndReason reason;
    std::optional<absl::Duration> retry_after;
    std::string body;
    bool is_for_good = false;
  };
  // None lets the request in, and takes its `places`. `sender`: who sent it.
  virtual std::optional<Refusal> Refuse(const StreamRequest& request,
                                        const boost::asio::ip::address& sender,
                                        std::unique_ptr<StreamPlaces>& places) = 0;

  // The refusal of a stream that nobody can decide on now.
  virtual Refusal RefuseForNow() = 0;

  // `done` is called on the shard's thread, perhaps before this returns.
  virtual void AskDoor(const DoorRequest& asked, absl::AnyInvocable<void(DoorAnswer)> done) = 0;

  virtual void OnArrival(StreamArrival arrival) = 0;

  // False: others wait for the places of those that take long.
  virtual bool HasRoomForHandshakes() const = 0;

  // A handshake is over: its connection is closed or has become a stream.
  virtual void OnHandshakeOver() = 0;
};

// One connection from accept, its TLS handshake included, until its request is answered or has
// become a stream.
// Owner:  itself, by its pending operations.
// Thread: the shard's.
// Limits: TLS handshake and 16 KiB of request head in 10 s, or 1 s while others wait for its place;
//         the door has times of its own; after an answer the peer has 2 s and 64 KiB to close.
class Handshake : public TimerWheel::Timer, public std::enable_shared_from_this<Handshake> {
 public:
  static constexpr absl::Duration kHeadTimeout = absl::Seconds(10);
  // Browsers send a head at once, but silent connections could otherwise hold every place for 10 s,
  // again and again.
  static constexpr absl::Duration kCrowdedHeadTimeout = absl::Seconds(1);

  Handshake(StreamSocket socket, TimerWheel& wheel, const CorsPolicy& cors,
            const TrustedProxies& trusted_proxies, const std::vector<std::string>& captured_headers,
            HandshakeOwner& owner);

  ~Handshake() override { owner_.OnHandshakeOver(); }

  void Start();

  void OnDeadline() override;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

  void Negotiate();
  void ReadHead();
  void OnReadable();
  void OnHead(const boost::system::error_code& error);
  void OnRequest(const RequestHead& head);
  void AskDoor(const RequestHead& head);
  void OnDoorAnswer(const RequestHead& head, DoorAnswer answer);
  void Deny(const RequestHead& head, const Denial& denial);
  void GiveRefusal(const RequestHead& head, const HandshakeOwner::Refusal& refusal);
  void OnAdmitted(const RequestHead& head, Admission admission);
  // Null: the request has none of those that are wanted.
  std::unique_ptr<const CapturedHeaders> Captured(const RequestHead& head) const;
  void Answer(std::string bytes);
  void WriteAnswer();
  void Linger();
  void Close();

  StreamSocket socket_;
  bool is_negotiated_ = false;
  absl::Duration waited_for_head_;
  TimerWheel& wheel_;
  const CorsPolicy& cors_;
  const TrustedProxies& trusted_proxies_;
  const std::vector<std::string>& captured_headers_;
  HandshakeOwner& owner_;
  boost::asio::ip::tcp::endpoint remote_endpoint_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::size_t head_bytes_ = 0;  // Parsed so far.
  StreamRequest request_;
  std::string answer_;
  std::size_t answer_written_ = 0;
  std::size_t lingered_bytes_ = 0;
};

}  // namespace sluice
