#include "control/backplane/redis/locate/cluster_nodes.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "edge/log/log.h"

namespace sluice {
namespace {

// A node in CLUSTER SLOTS: address, port, id. Nodes that do not know their address leave it out:
// then it is the one that was asked.
std::optional<RedisAddress> ReadNode(const redisReply& node, const std::string& asked_host) {
  const auto elements = ElementsOf(node);
  if (elements.size() < 2 || elements[1]->type != REDIS_REPLY_INTEGER) return std::nullopt;
  RedisAddress address;
  address.host = TextOf(*elements[0]);
  if (address.host.empty()) address.host = asked_host;
  address.port = static_cast<std::uint16_t>(elements[1]->integer);
  return address;
}

}  // namespace

ClusterNodes::ClusterNodes(boost::asio::io_context& io_context, const RedisUrl& url,
                           RedisTlsFiles tls, std::string key)
    : key_(std::move(key)),
      asked_(url.addresses),
      link_(io_context, url, std::move(tls), "sluice-nodes", {}, asked_, *this) {}

void ClusterNodes::Asked::Update(std::vector<RedisAddress> nodes) {
  const std::string asked = present().Text();
  nodes.insert(nodes.end(), of_url_.begin(), of_url_.end());
  nodes.push_back(present());  // It may have left the cluster.
  nodes_.clear();
  for (RedisAddress& node : nodes) {
    const bool is_known =
        std::any_of(nodes_.begin(), nodes_.end(),
                    [&node](const RedisAddress& known) { return known.Text() == node.Text(); });
    if (is_known) continue;
    if (node.Text() == asked) index_ = nodes_.size();
    nodes_.push_back(std::move(node));
  }
}

void ClusterNodes::Stop() {
  link_.Stop();
  waiting_.clear();
}

void ClusterNodes::OnLinkUp(RedisLink&) {
  failures_ = 0;
  link_.connection().Send({"CLUSTER", "KEYSLOT", key_}, [this](const redisReply* reply) {
    if (reply != nullptr && reply->type == REDIS_REPLY_INTEGER) slot_ = reply->integer;
  });
  for (Found& found : std::exchange(waiting_, {})) Ask(std::move(found));
}

void ClusterNodes::OnLinkDown(RedisLink&, const std::string& why) {
  Log(spdlog::level::debug, "no connection to a node of the cluster",
      {{"node", asked_.present().Text()}, {"reason", why}});
  asked_.Next();
  if (++failures_ < asked_.size()) return;
  for (Found& found : std::exchange(waiting_, {})) {
    found(absl::UnavailableError("no node of the cluster answers"));
  }
}

void ClusterNodes::Doubt() {
  if (link_.is_up()) link_.Reset("another node may know better");
}

void ClusterNodes::Find(Found found) {
  if (link_.is_up()) return Ask(std::move(found));
  waiting_.push_back(std::move(found));
}

void ClusterNodes::Ask(Found found) {
  link_.connection().Send(
      {"CLUSTER", "SLOTS"}, [this, found = std::move(found)](const redisReply* reply) mutable {
        if (reply == nullptr) {
          return found(absl::UnavailableError("a node of the cluster has gone"));
        }
        const absl::Status refused = StatusOf(*reply);
        if (!refused.ok()) return found(refused);
        found(MasterOf(*reply));
      });
}

absl::StatusOr<RedisAddress> ClusterNodes::MasterOf(const redisReply& slots) {
  std::optional<RedisAddress> master;
  std::vector<RedisAddress> nodes;
  for (const redisReply* range : ElementsOf(slots)) {
    const auto elements = ElementsOf(*range);
    for (std::size_t i = 2; i < elements.size(); ++i) {
      const auto node = ReadNode(*elements[i], asked_.present().host);
      if (!node.has_value()) continue;
      nodes.push_back(*node);
      // The first of a range is its master.
      const bool holds_slot = elements[0]->integer <= slot_ && slot_ <= elements[1]->integer;
      if (i == 2 && holds_slot) master = node;
    }
  }
  if (master.has_value()) {
    asked_.Update(std::move(nodes));
    return *master;
  }
  return absl::UnavailableError(absl::StrCat("no node of the cluster holds slot ", slot_));
}

}  // namespace sluice
