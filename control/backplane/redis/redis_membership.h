#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/status.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/backplane/redis/redis_commands.h"
#include "edge/base/mutex.h"

namespace sluice {

// This replica's place in the cluster: it claims its id, reports every second, and knows by the way
// that a report takes (through Redis and back by the subscription) whether the backplane works.
// Owner:  the backplane.
// Thread: the io_context's, but for health().
class RedisMembership {
 public:
  static constexpr std::chrono::milliseconds kReportEvery{1000};
  // A report that has not come back after this is a failure of the backplane.
  static constexpr std::chrono::milliseconds kReportPatience{700};
  // A claim without reports is void after this.
  static constexpr std::chrono::milliseconds kClaimTtl{5000};
  // How long a process waits at start for an id to become free: its own predecessor may hold it.
  static constexpr std::chrono::milliseconds kJoinPatience{6000};
  static constexpr std::chrono::milliseconds kLeavePatience{500};

  RedisMembership(boost::asio::io_context& io_context, RedisCommands& commands,
                  std::string replica_id, Backplane::Listener& listener);

  void Start();
  void Stop();
  void AwaitJoin(absl::AnyInvocable<void(absl::Status)> done);
  // `done` is called within kLeavePatience.
  void Leave(absl::AnyInvocable<void()> done);

  // Both connections stand and are subscribed: reports now instead of in a second.
  void OnListening();
  // One of the connections is gone, or an attempt to connect has failed.
  void OnDown(const std::string& why);
  // A message on the channel of all replicas. True: it was about membership, and is dealt with.
  bool OnReplicasMessage(std::string_view payload);

  Backplane::Health health() const;

 private:
  void ScheduleReport();
  void Report();
  void OnReported(absl::StatusOr<const redisReply*> reply);
  void OnIdTaken();
  void FinishJoin(const absl::Status& status);
  void FinishLeave();
  std::string ClaimKey() const;
  void SetHealth(bool is_ok, const std::string& detail);

  RedisCommands& commands_;
  const std::string replica_id_;
  const std::string process_id_;  // Tells this process from another with the same replica id.
  Backplane::Listener& listener_;
  boost::asio::steady_timer report_timer_;
  boost::asio::steady_timer patience_timer_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::uint64_t reports_ = 0;
  std::uint64_t reports_back_ = 0;  // The last one that came back.
  bool is_admitted_ = false;        // The id is ours.
  bool is_leaving_ = false;
  std::optional<absl::Status> join_result_;
  absl::AnyInvocable<void(absl::Status)> on_joined_;
  absl::AnyInvocable<void()> on_left_;

  mutable Mutex mutex_;
  Backplane::Health health_ ABSL_GUARDED_BY(mutex_);
  bool is_health_known_ ABSL_GUARDED_BY(mutex_) = false;  // Logged at least once.
  std::chrono::steady_clock::time_point last_back_ ABSL_GUARDED_BY(mutex_) = started_;
};

}  // namespace sluice
