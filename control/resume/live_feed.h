#pragma once

#include <absl/container/flat_hash_set.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/message/event_order.h"
#include "control/resume/catch_up.h"
#include "control/resume/resume_ring.h"
#include "edge/event_streams.h"

namespace sluice {

// Takes the backplane's events to live streams in one order, also over a break of the
// subscriptions: then what was missed is read and comes first, and what comes meanwhile waits [rule
// "hold" of the design]. Without history the streams are told of a gap instead.
//
// Owner:  the cluster.
// Thread: the cluster thread.
// Limits: kHeldBytesMax of events wait; beyond it the catching up begins anew.
class LiveFeed {
 public:
  static constexpr std::size_t kHeldBytesMax = std::size_t{64} << 20;
  // How often shards are told the position.
  static constexpr absl::Duration kPositionEvery = absl::Seconds(1);

  class Owner {
   public:
    virtual ~Owner() = default;
    // An event that was missed or held, whose turn it is. `age`: since it got its number.
    // `is_missed`: whoever published it waits no more.
    virtual void OnEvent(const std::string& channel, const EventNumber& number, std::uint64_t order,
                         std::string_view payload, absl::Duration age, bool is_missed) = 0;
    // Records after a break, as they were at the number `read_at` or later.
    virtual void OnRecordsRead(
        std::vector<std::pair<std::string, std::shared_ptr<const Record>>> records,
        const EventNumber& read_at) = 0;
    // Everything that was missed has been delivered or told.
    virtual void OnWhole() = 0;
  };

  LiveFeed(Scheduler& scheduler, bool has_history, std::size_t ring_bytes_max, Backplane& backplane,
           EventStreams& streams, Owner& owner);

  // Begins to tell the position.
  void Start();
  void Stop();

  // An event of the backplane that came while not all is whole.
  void Hold(const std::string& channel, const EventNumber& number, std::string_view payload);

  // The subscriptions are void.
  void OnInterrupted();

  // All subscriptions that were void stand again: these channels, for streams of these clients.
  void OnSubscribedAgain(std::vector<std::string> channels, std::vector<std::string> client_ids);

  // Nobody here needs the channel any more.
  void OnChannelReleased(const std::string& channel);

  // False from a break until everything that was missed has been delivered or told.
  bool is_whole() const { return !interrupted_at_.has_value(); }

  // Where live streams stand while that is not so.
  const EventNumber& interrupted_at() const { return *interrupted_at_; }

  // Catching up has delivered this event already; its own message comes late.
  bool HasDelivered(const EventNumber& number) const {
    return number.epoch == cut_.epoch && number.sequence <= cut_.sequence;
  }

  // How far live streams have come when `here` has been heard: catching up may have read more.
  EventNumber PositionOf(const EventNumber& here) const { return HasDelivered(here) ? cut_ : here; }

  ResumeRing& ring() { return ring_; }
  EventOrder& order() { return order_; }

 private:
  struct Held {
    std::string channel;
    EventNumber number;
    std::string payload;
    absl::Duration since;  // Uptime of the scheduler.
  };

  void CatchUpNow();
  void OnMissed(CatchUp::Missed missed);
  void Deliver(const CatchUp::Missed& missed, const EventNumber& from);
  void CoverAgain(const CatchUp::Missed& missed, bool has_hole);
  void TellGapToAll(const EventNumber& from, const EventNumber& to);
  void SchedulePosition();

  const bool has_history_;
  bool is_stopped_ = false;
  Scheduler& scheduler_;
  Backplane& backplane_;
  EventStreams& streams_;
  Owner& owner_;
  EventOrder order_;
  ResumeRing ring_;
  CatchUp catch_up_;
  // Where live streams stood when the subscriptions broke; none while all is whole.
  std::optional<EventNumber> interrupted_at_;
  std::uint64_t break_count_ = 0;
  EventNumber cut_;                    // Of the last catching up.
  std::vector<std::string> channels_;  // That are being caught up.
  std::vector<std::string> client_ids_;
  absl::flat_hash_set<std::string> released_;  // Of them, meanwhile.
  std::deque<Held> held_;
  std::size_t held_bytes_ = 0;
};

}  // namespace sluice
