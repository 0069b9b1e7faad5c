#include "edge/door/limits/trusted_proxies.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <optional>

namespace sluice {
namespace {

namespace ip = boost::asio::ip;

constexpr absl::string_view kForwardedFor = "X-Forwarded-For";

// The bytes of the address, an IPv4-mapped one as IPv4.
std::string BytesOf(const ip::address& address) {
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    return std::string(bytes.begin(), bytes.end());
  }
  const ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return BytesOf(ip::make_address_v4(ip::v4_mapped, v6));
  const auto bytes = v6.to_bytes();
  return std::string(bytes.begin(), bytes.end());
}

std::optional<ip::address> ParseAddress(absl::string_view text) {
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return address;
}

// An entry of X-Forwarded-For: an address, as some proxies write it with a port.
std::optional<ip::address> ParseEntry(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (absl::ConsumePrefix(&text, "[")) {
    const std::size_t end = text.find(']');
    return end == absl::string_view::npos ? std::nullopt : ParseAddress(text.substr(0, end));
  }
  if (std::count(text.begin(), text.end(), ':') == 1) text = text.substr(0, text.find(':'));
  return ParseAddress(text);
}

}  // namespace

absl::StatusOr<AddressRange> AddressRange::Parse(std::string_view text) {
  const absl::string_view whole(text.data(), text.size());
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(whole, absl::MaxSplits('/', 1));
  const auto address = ParseAddress(parts.first);
  AddressRange range;
  if (address.has_value()) range.first_bytes_ = BytesOf(*address);
  range.bits_ = static_cast<unsigned>(range.first_bytes_.size() * 8);
  unsigned bits = 0;
  const bool has_bits = whole.find('/') != absl::string_view::npos;
  const bool is_right =
      address.has_value() &&
      (!has_bits || (absl::SimpleAtoi(parts.second, &bits) && bits <= range.bits_));
  if (!is_right) {
    return absl::InvalidArgumentError(absl::StrCat(
        "is `", whole, "`; expected an address or a range of them, such as 10.0.0.0/8"));
  }
  if (has_bits) range.bits_ = bits;
  return range;
}

bool AddressRange::Contains(const ip::address& address) const {
  const std::string bytes = BytesOf(address);
  if (bytes.size() != first_bytes_.size()) return false;
  const std::size_t whole = bits_ / 8;
  if (bytes.compare(0, whole, first_bytes_, 0, whole) != 0) return false;
  const unsigned rest = bits_ % 8;
  if (rest == 0) return true;
  const unsigned differing =
      static_cast<unsigned char>(bytes[whole]) ^ static_cast<unsigned char>(first_bytes_[whole]);
  return differing >> (8 - rest) == 0;
}

bool TrustedProxies::Contains(const ip::address& address) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&address](const AddressRange& range) { return range.Contains(address); });
}

ip::tcp::endpoint TrustedProxies::SenderOf(const RequestHead& head,
                                           const ip::tcp::endpoint& peer) const {
  if (!Contains(peer.address())) return peer;
  std::vector<std::string> entries;
  for (const auto& field : head) {
    const absl::string_view name(field.name_string().data(), field.name_string().size());
    if (!absl::EqualsIgnoreCase(name, kForwardedFor)) continue;
    const absl::string_view value(field.value().data(), field.value().size());
    for (const absl::string_view entry : absl::StrSplit(value, ',')) {
      entries.emplace_back(entry);
    }
  }
  ip::tcp::endpoint sender = peer;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const auto address = ParseEntry(*entry);
    if (!address.has_value()) break;  // What stands before it was not written by our proxies.
    sender = {*address, 0};
    if (!Contains(*address)) break;
  }
  return sender;
}

}  // namespace sluice
