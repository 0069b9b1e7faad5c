#include "control/cluster/gather.h"

#include <algorithm>
#include <utility>

#include "control/message/envelope.h"

namespace sluice {

using internal::v1::Answer;
using internal::v1::Question;

Gather::Gather(std::string replica_id, boost::asio::io_context& io_context, Backplane& backplane,
               const Members& members, Answerer& answerer)
    : replica_id_(std::move(replica_id)),
      io_context_(io_context),
      backplane_(backplane),
      members_(members),
      answerer_(answerer) {}

void Gather::Ask(Question question, Done done) {
  const std::uint64_t id = ++last_question_id_;
  question.set_question_id(id);
  question.set_reply_to(replica_id_);
  auto asking = std::make_unique<Asking>(io_context_);
  asking->done = std::move(done);
  asking->missing.insert(replica_id_);
  bool asks_others = false;
  for (const Members::Member& other : members_.Others()) {
    if (other.is_answering) {
      asking->missing.insert(other.told.replica_id);
      asks_others = true;
    } else {
      asking->answers.unreachable.push_back(other.told.replica_id);
    }
  }
  if (asks_others) {
    asking->timer.expires_after(kWait);
    asking->timer.async_wait([this, id](const boost::system::error_code& error) {
      if (!error) Finish(id);
    });
    internal::v1::Envelope envelope;
    *envelope.mutable_question() = question;
    backplane_.SendToReplicas(EncodeEnvelope(std::move(envelope)));
  }
  asking_.emplace(id, std::move(asking));
  AnswerHere(question, [this](Answer answer) { OnAnswer(std::move(answer)); });
}

void Gather::OnQuestion(const Question& question) {
  if (question.reply_to() == replica_id_) return;  // Our own, which went to all.
  AnswerHere(question, [this, reply_to = question.reply_to()](Answer answer) {
    internal::v1::Envelope envelope;
    *envelope.mutable_answer() = std::move(answer);
    backplane_.SendToReplica(reply_to, EncodeEnvelope(std::move(envelope)));
  });
}

void Gather::AnswerHere(const Question& question, AnswerDone done) {
  answerer_.Answer(question, [id = question.question_id(), replica_id = replica_id_,
                              done = std::move(done)](Answer answer) mutable {
    answer.set_question_id(id);
    answer.set_replica_id(replica_id);
    done(std::move(answer));
  });
}

void Gather::OnAnswer(Answer answer) {
  const auto found = asking_.find(answer.question_id());
  if (found == asking_.end()) return;  // Too late.
  Asking& asking = *found->second;
  // An answer of a replica that was not known yet is as good.
  const bool was_missing = asking.missing.erase(answer.replica_id()) > 0;
  auto& unreachable = asking.answers.unreachable;
  unreachable.erase(std::remove(unreachable.begin(), unreachable.end(), answer.replica_id()),
                    unreachable.end());
  const std::uint64_t id = answer.question_id();
  asking.answers.answers.push_back(std::move(answer));
  if (was_missing && asking.missing.empty()) Finish(id);
}

void Gather::Finish(std::uint64_t question_id) {
  auto asking = asking_.extract(question_id);
  if (asking.empty()) return;
  Answers answers = std::move(asking.mapped()->answers);
  Done done = std::move(asking.mapped()->done);
  answers.unreachable.insert(answers.unreachable.end(), asking.mapped()->missing.begin(),
                             asking.mapped()->missing.end());
  std::sort(answers.unreachable.begin(), answers.unreachable.end());
  asking = {};  // Its timer too.
  done(std::move(answers));
}

}  // namespace sluice
