#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/functional/any_invocable.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sluice/internal/v1/envelope.pb.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/cluster/members.h"
#include "control/presence/local_clients.h"

namespace sluice {

// Asks every replica about its clients, this one included.
// Owner:  the cluster.
// Thread: the cluster thread.
// Limits: waits kWait at most, and not at all for replicas that would not answer.
class ClientGather {
 public:
  static constexpr std::chrono::milliseconds kWait{1000};

  struct Answers {
    std::vector<internal::v1::ClientAnswer> answers;  // One a replica, in no order.
    std::vector<std::string> unreachable;             // Those that did not answer, sorted.
  };
  using Done = absl::AnyInvocable<void(Answers)>;

  ClientGather(std::string replica_id, boost::asio::io_context& io_context, Backplane& backplane,
               const Members& members, LocalClients& local);

  // `question` without question_id and reply_to.
  void Ask(internal::v1::ClientQuestion question, Done done);

  // From another replica.
  void OnQuestion(const internal::v1::ClientQuestion& question);
  void OnAnswer(internal::v1::ClientAnswer answer);

 private:
  struct Asking {
    explicit Asking(boost::asio::io_context& io_context) : timer(io_context) {}
    boost::asio::steady_timer timer;
    std::set<std::string> missing;
    Answers answers;
    Done done;
  };

  void Finish(std::uint64_t question_id);

  const std::string replica_id_;
  boost::asio::io_context& io_context_;
  Backplane& backplane_;
  const Members& members_;
  LocalClients& local_;
  std::uint64_t last_question_id_ = 0;
  absl::flat_hash_map<std::uint64_t, std::unique_ptr<Asking>> asking_;
};

}  // namespace sluice
