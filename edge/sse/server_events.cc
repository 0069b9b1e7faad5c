#include "edge/sse/server_events.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "edge/base/check.h"
#include "edge/sse/event_encoder.h"

namespace sluice {
namespace {

namespace json = boost::json;

json::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

std::string_view EndReasonName(EndReason reason) {
  switch (reason) {
    case EndReason::kDrain:
      return "drain";
    case EndReason::kOverloaded:
      return "overloaded";
    case EndReason::kUnavailable:
      return "unavailable";
    case EndReason::kTokenExpired:
      return "token_expired";
    case EndReason::kMaxAge:
      return "max_age";
    case EndReason::kDisconnected:
      return "disconnected";
    case EndReason::kReplaced:
      return "replaced";
    case EndReason::kSlow:
      return "slow";
    case EndReason::kClientGone:
      return "client_gone";
  }
  SLUICE_CHECK(false);
}

std::string EncodeOpen(std::optional<std::string_view> id, std::string_view client_id,
                       std::string_view connection_id, std::string_view replica_id, bool resumed) {
  const std::string data = json::serialize(json::value{{"client_id", View(client_id)},
                                                       {"connection_id", View(connection_id)},
                                                       {"replica_id", View(replica_id)},
                                                       {"resumed", resumed}});
  return EncodeEvent({.name = "sluice.open", .data = data, .id = id});
}

std::string EncodeGap(std::string_view reason, std::string_view from, std::string_view to,
                      std::optional<std::string_view> id) {
  const std::string data = json::serialize(
      json::value{{"reason", View(reason)}, {"from", View(from)}, {"to", View(to)}});
  return EncodeEvent({.name = "sluice.gap", .data = data, .id = id});
}

std::string EncodePosition(std::string_view id) {
  return EncodeEvent({.name = "sluice.position", .data = "{}", .id = id});
}

std::string EncodeEnd(EndReason reason, std::optional<std::string_view> message) {
  json::object end{{"reason", View(EndReasonName(reason))}};
  if (message.has_value()) end["message"] = View(*message);
  const std::string data = json::serialize(end);
  return EncodeEvent({.name = "sluice.end", .data = data});
}

}  // namespace sluice
