#pragma once

#include <absl/status/statusor.h>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "edge/http/stream_request.h"

namespace sluice {

// Addresses with the same first bits, such as 10.0.0.0/8 (RFC 4632).
class AddressRange {
 public:
  // ADDRESS or ADDRESS/BITS. INVALID_ARGUMENT otherwise.
  static absl::StatusOr<AddressRange> Parse(std::string_view text);

  // IPv4 addresses that are written as IPv6 (RFC 4291, "IPv4-Mapped") are meant as IPv4.
  bool Contains(const boost::asio::ip::address& address) const;

 private:
  std::string first_bytes_;  // Of the address; 4 or 16.
  unsigned bits_ = 0;
};

// The proxies that may say whom they speak for (--trusted-proxy). What anybody else says of it is
// ignored.
// Thread: any.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  explicit TrustedProxies(std::vector<AddressRange> ranges) : ranges_(std::move(ranges)) {}

  // Who sent the request: the peer of the connection, or, if that is a proxy, the last address of
  // X-Forwarded-For that is none. Its port is 0 where it is unknown.
  boost::asio::ip::tcp::endpoint SenderOf(const RequestHead& head,
                                          const boost::asio::ip::tcp::endpoint& peer) const;

 private:
  bool Contains(const boost::asio::ip::address& address) const;

  std::vector<AddressRange> ranges_;
};

}  // namespace sluice
