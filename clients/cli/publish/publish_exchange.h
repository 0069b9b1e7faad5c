// clients/cli/publish/publish_exchange.h
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>
#include <grpcpp/grpcpp.h>
#include <sluice/v1/control_service.grpc.pb.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "clients/cli/publish/line_source.h"
#include "clients/cli/rpc/server.h"

namespace sluice::cli {

// One Publish call: a thread that writes entries from the lines, a thread that reads the answers,
// and the outcomes of both in the order of the lines for the owner.
// Owner:  the command. The server and the lines must outlive it.
// Thread: all public functions on the owner's thread.
// Limits: kUnansweredMax entries are under way; the writer waits while there are more. The server
//         stops reading at 1,024, so that neither waits for the other.
class PublishExchange {
 public:
  static constexpr std::size_t kUnansweredMax = 512;

  struct Outcome {
    std::int64_t line_number = 0;
    v1::PublishResponse response;  // `error` also for a line that was never sent.
  };

  PublishExchange(Server& server, LineSource& lines);
  ~PublishExchange();
  PublishExchange(const PublishExchange&) = delete;
  PublishExchange& operator=(const PublishExchange&) = delete;

  // Waits for outcomes, at most `wait`, and appends them. False once there will be no more.
  bool Next(absl::Duration wait, std::vector<Outcome>& outcomes);

  // How the call ended; only after Next was false. Appends the lines that were sent, perhaps, but
  // never answered.
  google::rpc::Status Finish(std::vector<Outcome>& outcomes);

  // Why the lines ended early; empty when they did not.
  const std::string& input_failure() const { return input_failure_; }

 private:
  struct Entry {
    std::int64_t line_number = 0;
    std::optional<v1::PublishResponse> response;
  };

  void WriteEntries();
  void ReadAnswers();

  // False when the call has ended and nothing more can be sent.
  bool Add(Entry entry) ABSL_LOCKS_EXCLUDED(mutex_);
  void Answer(v1::PublishResponse response) ABSL_LOCKS_EXCLUDED(mutex_);
  void GiveUpWhenLate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Take(std::vector<Outcome>& outcomes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Server& server_;
  LineSource& lines_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::PublishRequest, v1::PublishResponse>> stream_;

  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // Oldest first.
  std::size_t unanswered_count_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time waiting_since_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  bool has_written_all_ ABSL_GUARDED_BY(mutex_) = false;
  bool has_read_all_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_late_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_out_of_step_ ABSL_GUARDED_BY(mutex_) = false;  // More answers than entries.
  std::string input_failure_;                            // The writer's until it has ended.

  std::thread writer_;
  std::thread reader_;
};

}  // namespace sluice::cli
