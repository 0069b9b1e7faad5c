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

namespace sluice {

// Asks every replica, this one included, and gathers their answers.
// Owner:  the cluster.
// Thread: the cluster thread.
// Limits: waits kWait at most, and not at all for replicas that would not answer.
class Gather {
 public:
  static constexpr std::chrono::milliseconds kWait{1000};

  using AnswerDone = absl::AnyInvocable<void(internal::v1::Answer)>;

  // Answers for this replica.
  class Answerer {
   public:
    virtual ~Answerer() = default;
    // `done` gets the answer's kind, on the cluster thread, perhaps before this returns; a question
    // of an unknown kind is left without an answer.
    virtual void Answer(const internal::v1::Question& question, AnswerDone done) = 0;
  };

  struct Answers {
    std::vector<internal::v1::Answer> answers;  // One a replica, in no order.
    std::vector<std::string> unreachable;       // Those that did not answer, sorted.
  };
  using Done = absl::AnyInvocable<void(Answers)>;

  Gather(std::string replica_id, boost::asio::io_context& io_context, Backplane& backplane,
         const Members& members, Answerer& answerer);

  // `question` without question_id and reply_to.
  void Ask(internal::v1::Question question, Done done);

  // From another replica.
  void OnQuestion(const internal::v1::Question& question);
  void OnAnswer(internal::v1::Answer answer);

 private:
  struct Asking {
    explicit Asking(boost::asio::io_context& io_context) : timer(io_context) {}
    boost::asio::steady_timer timer;
    std::set<std::string> missing;
    Answers answers;
    Done done;
  };

  void AnswerHere(const internal::v1::Question& question, AnswerDone done);
  void Finish(std::uint64_t question_id);

  const std::string replica_id_;
  boost::asio::io_context& io_context_;
  Backplane& backplane_;
  const Members& members_;
  Answerer& answerer_;
  std::uint64_t last_question_id_ = 0;
  absl::flat_hash_map<std::uint64_t, std::unique_ptr<Asking>> asking_;
};

}  // namespace sluice
