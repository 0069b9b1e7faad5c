#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/counts/cluster_counts.h"
#include "control/message/event_order.h"
#include "control/resume/resume_ring.h"
#include "control/resume/stream_replay.h"
#include "edge/base/scheduler.h"
#include "edge/connection_observer.h"
#include "edge/event_streams.h"

namespace sluice {

// How streams are resumed.
struct ResumeOptions {
  bool has_history = false;
  std::size_t page_bytes_max = 0;  // Of events that a stream is given at once; see Splices.
};

// Makes streams live whose channels are subscribed: gives each what it missed since the last id
// that it came with, then puts it behind the live events without a hole or a double ("splice" of
// the design, section 7).
//
// All that a stream needs of the backplane is read in one call, together with what others need at
// the same time [rule "one-read"]: its record, the last number, and, when the ring does not have
// it, what its channels hold. What reached this replica since that moment is taken from the ring. A
// reader that is slow gets page after page as it takes them.
//
// Owner:  the cluster.
// Thread: the cluster thread.
// Limits: kReadsMax reads are under way, of kStreamsPerRead streams and kBytesPerRead. A stream has
//         at most page_bytes_max (and one event) waiting that it was replayed.
class Splices {
 public:
  static constexpr int kReadsMax = 2;
  static constexpr std::size_t kStreamsPerRead = 128;
  static constexpr std::size_t kChannelsPerRead = 512;
  static constexpr std::size_t kBytesPerRead = std::size_t{4} << 20;
  // How long is waited when a read failed, or the replica is not where the backplane is.
  static constexpr absl::Duration kRetryDelay = absl::Milliseconds(50);

  class Owner {
   public:
    virtual ~Owner() = default;
    // All subscriptions stand and nothing is missing of what came by them.
    virtual bool IsWhole() const = 0;
    // A stream's record as it was at `read_at`. False: the stream needs other channels than it was
    // added with, and has been paused.
    virtual bool OnRecordRead(ConnectionId id, std::shared_ptr<const Record> record,
                              const EventNumber& read_at) = 0;
    // The stream's last page is on its way: it has everything up to `position`, and every event
    // above it from now on reaches it.
    virtual void OnLive(ConnectionId id, const EventNumber& position) = 0;
  };

  Splices(Scheduler& scheduler, ResumeOptions options, Backplane& backplane, ResumeRing& ring,
          EventOrder& order, EventStreams& streams,
          std::function<void(absl::AnyInvocable<void()>)> post, Owner& owner);

  // The stream's channels are subscribed. Each span begins at the number at which the stream joined
  // the channel, 0 for those that it came with.
  void Add(const OpenedConnection& opened, std::vector<ResumeSpan> spans);

  // The same for a live stream that is held and has been given everything up to `position`.
  void AddHeld(ConnectionId id, const std::string& client_id, const EventNumber& position,
               std::vector<ResumeSpan> spans);

  // The stream goes no further until Resume, because its channels change.
  void Pause(ConnectionId id);
  void Resume(ConnectionId id, std::vector<ResumeSpan> spans);
  // The same channels, from other numbers on.
  void SetSpans(ConnectionId id, std::vector<ResumeSpan> spans) {
    splices_.at(id)->joined = std::move(spans);
  }

  // The stream has ended.
  void Remove(ConnectionId id) { splices_.erase(id); }

  std::size_t size() const { return splices_.size(); }

  // Adds what has become of the streams that came back.
  void AddTo(ClusterCounts& counts) const;

 private:
  struct Splice {
    std::uint64_t serial;  // Tells what is under way for it from what was before it was paused.
    std::string client_id;
    std::vector<ResumeSpan> joined;
    StreamReplay replay;
    // A custom id whose event has still to be found; then so many were, the last of them here.
    std::string searched_id{};
    std::uint64_t searched_to = 0;
    int found_count = 0;
    EventNumber found{};
    bool is_paused = false;
    bool is_draining = false;  // It has still to take its last page.
  };
  // An event of the history, decoded once for all streams of a read.
  struct KeptEvent {
    OrderedEvent event;
    std::string custom_id;
  };
  struct Read {
    std::vector<std::pair<ConnectionId, std::uint64_t>> streams;  // With their serials.
    HistoryQuery query;
    absl::flat_hash_map<std::string, std::size_t> channel_places;
  };

  // Null: the stream has ended, or was paused meanwhile.
  Splice* Find(ConnectionId id, std::uint64_t serial);
  void Insert(ConnectionId id, const std::string& client_id, std::vector<ResumeSpan> spans,
              StreamReplay replay, std::string searched_id);
  void Queue(ConnectionId id);
  void OnDrained(ConnectionId id);
  void QueueLater(ConnectionId id);
  void ScheduleReads();
  void StartReads();
  void AddToRead(ConnectionId id, const Splice& splice, Read& read);
  void OnRead(const Read& read, absl::StatusOr<HistoryRead> answer);
  void Continue(ConnectionId id, Splice& splice, const Read& read, const HistoryRead& answer,
                const std::vector<std::vector<KeptEvent>>& kept);
  // What the ring alone has; none when it has not all.
  std::optional<StreamReplay::Part> PartOfRing(const Splice& splice) const;
  std::optional<StreamReplay::Part> PartOfRead(
      const Splice& splice, const Read& read, const HistoryRead& answer,
      const std::vector<std::vector<KeptEvent>>& kept) const;
  // True when the search is over.
  bool Search(Splice& splice, const Read& read, const HistoryRead& answer,
              const std::vector<std::vector<KeptEvent>>& kept) const;
  void Send(ConnectionId id, Splice& splice, StreamReplay::Part part);
  std::vector<ResumeSpan> SpansOf(const Splice& splice, std::uint64_t after) const;

  const ResumeOptions options_;
  Backplane& backplane_;
  ResumeRing& ring_;
  EventOrder& order_;
  EventStreams& streams_;
  std::function<void(absl::AnyInvocable<void()>)> post_;
  Owner& owner_;
  Scheduler& scheduler_;
  std::uint64_t resumed_ = 0;
  std::map<std::string, std::uint64_t> gaps_;  // By reason.
  absl::flat_hash_map<ConnectionId, std::unique_ptr<Splice>> splices_;
  std::deque<ConnectionId> queue_;
  std::vector<ConnectionId> later_;
  bool is_read_scheduled_ = false;
  int reads_under_way_ = 0;
  std::uint64_t last_serial_ = 0;
};

}  // namespace sluice
