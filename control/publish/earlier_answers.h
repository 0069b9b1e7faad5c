#pragma once

#include <absl/time/time.h>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>

#include "control/backplane/backplane.h"
#include "control/publish/publish_command.h"
#include "edge/base/clock.h"

namespace sluice {

// Answers publishes whose request_id was used before: with the first one's answer, for which it
// waits if need be.
// Owner:  the publisher.
// Thread: the cluster thread.
// Limits: waits at most kWait, and not past the caller's deadline; then `connections` is unset.
// Errors: INVALID_ARGUMENT, reason REQUEST_ID_REUSED: the first asked for something else.
class EarlierAnswers {
 public:
  static constexpr absl::Duration kWait = absl::Seconds(3);

  EarlierAnswers(boost::asio::io_context& io_context, const Clock& clock, Backplane& backplane);

  // `published.earlier` and `command.claim` are set.
  void Answer(const Backplane::Published& published, const PublishCommand& command,
              PublishDone done);

 private:
  struct Waiting;

  void AskAgain(std::unique_ptr<Waiting> waiting);
  void OnAnswer(std::unique_ptr<Waiting> waiting,
                absl::StatusOr<std::optional<std::string>> answer);

  boost::asio::io_context& io_context_;
  const Clock& clock_;
  Backplane& backplane_;
};

}  // namespace sluice
