#pragma once

#include <absl/functional/any_invocable.h>
#include <sluice/internal/v1/envelope.pb.h>
#include <sluice/v1/client.pb.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/presence/directory.h"
#include "edge/edge.h"

namespace sluice {

// What a shard knows of the connection besides its groups.
void FillConnection(const ConnectionDescription& description, v1::Connection& connection);

// Answers for the clients that are connected to this replica, and their groups.
// Owner:  the cluster.
// Thread: the cluster thread; `done` is called on it, perhaps before the call returns.
// Limits: an answer has at most the page's clients, and ends early beyond kAnswerBytes or when it
//         has looked at kLooksPerResult clients for each that it may hold.
class LocalClients {
 public:
  static constexpr std::size_t kLooksPerResult = 10;
  static constexpr std::size_t kAnswerBytes = std::size_t{1} << 20;

  // Runs a task on the cluster thread, from any thread.
  using Post = std::function<void(absl::AnyInvocable<void()>)>;

  LocalClients(std::string replica_id, Edge& edge, const Directory& directory, Post post);

  void Answer(const internal::v1::ClientsQuestion& question,
              absl::AnyInvocable<void(internal::v1::ClientsAnswer)> done);

  internal::v1::GroupsAnswer Answer(const internal::v1::GroupsQuestion& question) const;

  // What shards know of these; those that have ended are left out.
  using Described = absl::AnyInvocable<void(std::vector<ConnectionDescription>)>;
  void Describe(const std::vector<ConnectionId>& ids, Described done);

 private:
  v1::Client BasicView(const Directory::Client& client) const;
  internal::v1::ClientsAnswer PageOf(const internal::v1::ClientsQuestion& question) const;
  void FillConnections(internal::v1::ClientsAnswer answer,
                       absl::AnyInvocable<void(internal::v1::ClientsAnswer)> done);

  const std::string replica_id_;
  Edge& edge_;
  const Directory& directory_;
  Post post_;
};

}  // namespace sluice
