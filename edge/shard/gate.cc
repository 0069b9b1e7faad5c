#include "edge/shard/gate.h"

#include <utility>
#include <variant>

#include "edge/base/check.h"
#include "edge/log/log.h"
#include "edge/sse/event_encoder.h"

namespace sluice {
namespace {

RefusedFor WhyOf(StreamLimits::Limit limit) {
  switch (limit) {
    case StreamLimits::Limit::kAddress:
      return RefusedFor::kAddress;
    case StreamLimits::Limit::kClient:
      return RefusedFor::kClient;
    case StreamLimits::Limit::kGroup:
      return RefusedFor::kGroup;
    case StreamLimits::Limit::kRate:
      return RefusedFor::kRate;
  }
  SLUICE_CHECK(false);
}

}  // namespace

std::optional<HandshakeOwner::Refusal> Gate::Refuse(const StreamRequest& request,
                                                    const boost::asio::ip::address& sender,
                                                    std::unique_ptr<StreamPlaces>& places) {
  const BlockedClients* blocked = context_.guards.blocked;
  if (blocked != nullptr && blocked->IsBlocked(request.client_id)) {
    ++counts_.refused[static_cast<std::size_t>(RefusedFor::kBlocked)];
    return HandshakeOwner::Refusal{EndReason::kDisconnected, std::nullopt, "",
                                   /*is_for_good=*/true};
  }
  if (is_draining_) return RefuseFor(RefusedFor::kDrain, EndReason::kDrain);
  if (context_.connection_count.load(std::memory_order_relaxed) >=
      context_.options.connections_max) {
    return RefuseFor(RefusedFor::kTotal, EndReason::kOverloaded);
  }
  auto entered = context_.limits.Enter(sender, request.client_id, request.groups,
                                       ConnectionId::Make(shard_index_), context_.clock.Uptime());
  if (const auto* limit = std::get_if<StreamLimits::Limit>(&entered)) {
    return RefuseFor(WhyOf(*limit), EndReason::kOverloaded);
  }
  auto& entry = std::get<StreamLimits::Entry>(entered);
  if (entry.replaced.has_value()) context_.replace(*entry.replaced);
  places = std::move(entry.places);
  return std::nullopt;
}

HandshakeOwner::Refusal Gate::RefuseFor(RefusedFor why, EndReason reason) {
  ++counts_.refused[static_cast<std::size_t>(why)];
  return RefuseWith(reason);
}

HandshakeOwner::Refusal Gate::RefuseWith(EndReason reason) {
  Log(spdlog::level::debug, "stream refused", {{"reason", EndReasonName(reason)}});
  const absl::Duration retry_after = JitteredReconnectionTime();
  if (context_.options.overload == EdgeOptions::Overload::k503) {
    return {reason, retry_after, ""};
  }
  return {reason, std::nullopt, EncodeReconnectionTime(retry_after) + EncodeEnd(reason)};
}

absl::Duration Gate::JitteredReconnectionTime() {
  return context_.options.reconnection_time * absl::Uniform(random_, 0.5, 1.5);
}

}  // namespace sluice
