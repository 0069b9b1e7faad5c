#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// The events that the server itself sends; their names begin with `sluice.`. Each function returns
// the encoded bytes.

// Why a stream ends, as `sluice.end` tells it, and why it ended, as logs and metrics do.
enum class EndReason {
  kDrain,
  kOverloaded,
  // Nobody can say now whether the stream may be let in.
  kUnavailable,
  kSlow,
  kTokenExpired,
  // It has lived as long as streams may.
  kMaxAge,
  // A caller wanted it.
  kDisconnected,
  // A newer stream of its client has taken its place.
  kReplaced,
  // The browser went away; nobody is left to be told.
  kClientGone,
};
inline constexpr std::size_t kEndReasonCount = static_cast<std::size_t>(EndReason::kClientGone) + 1;

std::string_view EndReasonName(EndReason reason);

// The first event of a stream. `id`: the position where it joined, or the last id it came with;
// none when that is unknown. `resumed`: everything since its last id follows.
std::string EncodeOpen(std::optional<std::string_view> id, std::string_view client_id,
                       std::string_view connection_id, std::string_view replica_id, bool resumed);

// Something between the ids `from` and `to` was or may have been missed. `id`: that the stream goes
// on from; none: it stays where it is.
std::string EncodeGap(std::string_view reason, std::string_view from, std::string_view to,
                      std::optional<std::string_view> id);

// Everything up to `id` that is for the stream has been written to it.
std::string EncodePosition(std::string_view id);

// The last event before a deliberate end. `message`: what a caller has to say.
std::string EncodeEnd(EndReason reason, std::optional<std::string_view> message = std::nullopt);

}  // namespace sluice
