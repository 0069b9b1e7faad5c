#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/functional/any_invocable.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/backplane/backplane.h"
#include "edge/base/scheduler.h"

namespace sluice {

// Reads what a replica missed while its subscriptions were broken, some hundred channels a call.
//
// Records come first, and the last number of that first read is the cut: what is above it comes by
// the subscriptions [rules "records" and "first-cut" of the design]. The channels must have been
// subscribed before.
//
// Owner:  the cluster.
// Thread: the cluster thread.
// Limits: kBytesMax of events; beyond it what was missed is given up and told as a gap.
class CatchUp {
 public:
  static constexpr std::size_t kPerRead = 500;
  static constexpr std::size_t kBytesPerRead = std::size_t{4} << 20;
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20;
  static constexpr absl::Duration kRetryDelay = absl::Milliseconds(200);

  struct Missed {
    EventNumber cut;
    std::uint64_t time_us = 0;  // HistoryRead's, of the last read.
    // Everything up to the cut, in the order of the numbers; each with its channel.
    std::vector<std::pair<std::string, HistoryEntry>> events;
    // Channels of which something may be missing, up to this number.
    std::vector<std::pair<std::string, std::uint64_t>> gaps;
    bool is_too_much = false;  // There are no events.
    std::vector<std::pair<std::string, std::shared_ptr<const Record>>> records;  // By client.
  };

  CatchUp(Scheduler& scheduler, Backplane& backplane)
      : scheduler_(scheduler), backplane_(backplane) {}

  // Reads what came above `after`. `done` is called once, unless Cancel comes before; reads that
  // fail are tried again.
  void Start(std::uint64_t after, std::vector<std::string> channels,
             std::vector<std::string> client_ids, absl::AnyInvocable<void(Missed)> done);

  void Cancel();

  bool is_reading() const { return done_ != nullptr; }

 private:
  void Begin();
  void ReadNext();
  void OnRead(const HistoryQuery& query, absl::StatusOr<HistoryRead> answer);
  void Take(const HistoryQuery& query, HistoryRead answer);
  void Finish();

  Scheduler& scheduler_;
  Backplane& backplane_;
  std::uint64_t attempt_ = 0;  // Tells a read from those of attempts that were given up.
  std::uint64_t after_ = 0;
  std::vector<std::string> channels_;
  std::vector<std::string> client_ids_;
  absl::AnyInvocable<void(Missed)> done_;
  // How far this attempt is.
  Missed missed_;
  bool has_cut_ = false;
  std::size_t next_client_ = 0;
  std::size_t next_channel_ = 0;
  std::uint64_t page_after_ = 0;  // Of the channels that are being read.
  std::size_t bytes_ = 0;
};

}  // namespace sluice
