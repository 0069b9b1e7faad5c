#include "control/publish/earlier_answers.h"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include "control/request/error_reason.h"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kFirstPause{10};
constexpr std::chrono::milliseconds kLongestPause{160};

}  // namespace

struct EarlierAnswers::Waiting {
  Waiting(boost::asio::io_context& io_context) : timer(io_context) {}
  boost::asio::steady_timer timer;
  std::chrono::milliseconds pause = kFirstPause;
  std::string claim_key;
  absl::Time deadline;
  v1::Delivery delivery;
  PublishDone done;
};

EarlierAnswers::EarlierAnswers(boost::asio::io_context& io_context, const Clock& clock,
                               Backplane& backplane)
    : io_context_(io_context), clock_(clock), backplane_(backplane) {}

void EarlierAnswers::Answer(const Backplane::Published& published, const PublishCommand& command,
                            PublishDone done) {
  const Backplane::Earlier& earlier = *published.earlier;
  if (earlier.fingerprint != command.claim->fingerprint) {
    Violations violations;
    violations.Add("request_id",
                   "was used within 10 minutes for another request; expected a new one for each "
                   "request, and the same one only to repeat it");
    return done(WithReason(violations.ToStatus(), "REQUEST_ID_REUSED"));
  }
  auto waiting = std::make_unique<Waiting>(io_context_);
  waiting->claim_key = command.claim->key;
  waiting->deadline = std::min(clock_.Now() + kWait, command.deadline);
  waiting->delivery.set_event_id(command.custom_id.empty() ? published.number.ToString()
                                                           : command.custom_id);
  waiting->done = std::move(done);
  OnAnswer(std::move(waiting), earlier.answer);
}

void EarlierAnswers::OnAnswer(std::unique_ptr<Waiting> waiting,
                              absl::StatusOr<std::optional<std::string>> answer) {
  v1::Delivery& delivery = waiting->delivery;
  if (answer.ok() && answer->has_value()) {
    delivery.ParseFromString(**answer);
  } else if (clock_.Now() < waiting->deadline - absl::FromChrono(waiting->pause)) {
    return AskAgain(std::move(waiting));
  }
  delivery.set_replayed(true);
  waiting->done(std::move(delivery));
}

void EarlierAnswers::AskAgain(std::unique_ptr<Waiting> waiting) {
  boost::asio::steady_timer& timer = waiting->timer;
  timer.expires_after(waiting->pause);
  waiting->pause = std::min(waiting->pause * 2, kLongestPause);
  timer.async_wait(
      [this, waiting = std::move(waiting)](const boost::system::error_code& error) mutable {
        if (error) return waiting->done(NotSent("the server is stopping"));
        const std::string key = waiting->claim_key;
        backplane_.ReadAnswer(key, [this, waiting = std::move(waiting)](auto answer) mutable {
          OnAnswer(std::move(waiting), std::move(answer));
        });
      });
}

}  // namespace sluice
