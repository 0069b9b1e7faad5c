#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <sluice/internal/v1/envelope.pb.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/backplane/backplane.h"
#include "control/cluster/interest.h"
#include "control/groups/own_groups.h"
#include "control/presence/directory.h"
#include "control/resume/live_feed.h"
#include "control/resume/splices.h"
#include "edge/connection_observer.h"
#include "edge/event_streams.h"

namespace sluice {

// The streams of this replica, from their announcement to their end: holds the channels that each
// needs, has it spliced when they are subscribed, and keeps it in the groups that it asked for and
// that its client is assigned to.
//
// A stream that joins a group whose channel is subscribed is in it from the number of that change
// on. If the channel has to be subscribed first, and there is history, the stream is held at that
// number and spliced again from there, so that it gets everything once and in order [rule "rejoin"
// of the design].
//
// Owner:  the cluster.
// Thread: the cluster thread.
class Streams {
 public:
  // What has to follow when a change holds for all streams that it is for: the end of the last
  // reference calls it.
  using Ack = std::shared_ptr<void>;

  Streams(bool has_history, Backplane& backplane, Interest& interest, Directory& directory,
          EventStreams& edge, LiveFeed& feed, Splices& splices);

  void Open(OpenedConnection opened);
  void Close(ConnectionId id, EndReason reason);

  // Makes the records that streams came with and that could not be made; when the backplane may be
  // back.
  void BeginUnbegun();

  // As of Interest::Listener and Splices::Owner.
  void OnChannelSubscribed(ConnectionId id);
  bool OnRecordRead(ConnectionId id, std::shared_ptr<const Record> record,
                    const EventNumber& read_at);
  void OnLive(ConnectionId id, const EventNumber& position);

  // Messages of the client's channel.
  void OnRecord(const std::string& client_id, const EventNumber& number,
                const internal::v1::RecordMessage& message, const Ack& ack);
  void OnConnectionGroups(const std::string& client_id, const EventNumber& number,
                          const internal::v1::ConnectionGroups& message, const Ack& ack);

  // The client's streams, live or not; `connection_id` not empty: that one, if it is one of them.
  std::vector<ConnectionId> IdsOf(const std::string& client_id,
                                  const std::string& connection_id) const;

  // After a break of the subscriptions: records as of LiveFeed::Owner.
  void OnRecordsRead(
      const std::vector<std::pair<std::string, std::shared_ptr<const Record>>>& records,
      const EventNumber& read_at);

 private:
  // A stream on its way to being live, for the first time or again.
  struct Joining {
    OpenedConnection opened;  // Of one that was live only the ids.
    OwnGroups own;            // Until it is live; then the directory has them.
    std::vector<std::string> groups;
    int channels_missing = 0;
    bool is_spliced = false;  // Splices has it.
    // As last read or told, and what it was true at; sequence 0: never.
    std::shared_ptr<const Record> record;
    EventNumber record_at;
    Directory::Client* client = nullptr;  // Of one that was live.
    std::optional<EventNumber> held_at;   // None: it still gets events.
    std::vector<Ack> acks;
  };

  void Advance(ConnectionId id, Joining& joining);
  // Makes the record that the stream came with, if there is none, and splices the stream.
  void BeginRecordOf(ConnectionId id, const OpenedConnection& opened);
  void Splice(ConnectionId id, Joining& joining);
  // Brings a joining stream to the groups that it is in now. False: it waits for other channels.
  bool Settle(ConnectionId id, Joining& joining, OwnGroups own);
  bool Switch(ConnectionId id, Joining& joining, const GroupsChange& change);
  // What the stream's events are filtered by from now on.
  void ShowMetadata(ConnectionId id, std::shared_ptr<const MetadataScalars> scalars);
  void ChangeGroups(Directory::Client& client, ConnectionId id, OwnGroups own,
                    const EventNumber& number, const Ack& ack);
  // The stream's own position, when this replica's is `here`.
  EventNumber PositionOf(ConnectionId id, const EventNumber& here) const;
  // A record is gone: what it assigned stays with the connections until they end.
  void KeepGroups(Directory::Client& client, const EventNumber& number);
  static std::vector<ResumeSpan> SpansOf(const Joining& joining, const OwnGroups& own);
  // The newest that is known.
  static const Record* RecordOf(const Joining& joining);
  OwnGroups OwnOf(ConnectionId id, const Joining& joining) const;
  void ReleaseAll(ConnectionId id, const std::string& client_id,
                  const std::vector<std::string>& groups);

  const bool has_history_;
  Backplane& backplane_;
  Interest& interest_;
  Directory& directory_;
  EventStreams& edge_;
  LiveFeed& feed_;
  Splices& splices_;
  absl::flat_hash_map<ConnectionId, std::unique_ptr<Joining>> joining_;
  // Those that were never live, by client.
  absl::flat_hash_map<std::string, std::vector<ConnectionId>> new_by_client_;
  absl::flat_hash_map<ConnectionId, Directory::Client*> live_;
  // Live ones that were given more than this replica had heard, by a read of the history: up to
  // where.
  absl::flat_hash_map<ConnectionId, EventNumber> ahead_;
  absl::flat_hash_set<ConnectionId> has_metadata_;  // As the edge was last told.
  // Joining ones whose record could not be begun; tried again with the next word of the backplane.
  std::vector<ConnectionId> unbegun_;
};

}  // namespace sluice
