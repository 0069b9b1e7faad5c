#include "control/cluster/streams.h"

#include <algorithm>

#include "control/backplane/channel.h"
#include "control/backplane/initial_record.h"
#include "control/message/envelope.h"
#include "edge/base/check.h"
#include "edge/log/log.h"

namespace sluice {
namespace {

std::vector<std::string> ChannelsOf(const std::string& client_id,
                                    const std::vector<std::string>& groups) {
  std::vector<std::string> channels = {std::string(kAllChannel), ClientChannel(client_id)};
  for (const std::string& group : groups) channels.push_back(GroupChannel(group));
  return channels;
}

// What events are filtered by. Null: the record has none.
std::shared_ptr<const MetadataScalars> ScalarsOf(const Record* record) {
  if (record == nullptr) return nullptr;
  auto scalars = std::make_shared<MetadataScalars>();
  for (const auto& [key, value] : record->metadata.fields()) {
    if (auto text = ScalarText(value)) scalars->emplace(key, *std::move(text));
  }
  if (scalars->empty()) return nullptr;
  return scalars;
}

}  // namespace

Streams::Streams(bool has_history, Backplane& backplane, Interest& interest, Directory& directory,
                 EventStreams& edge, LiveFeed& feed, Splices& splices)
    : has_history_(has_history),
      backplane_(backplane),
      interest_(interest),
      directory_(directory),
      edge_(edge),
      feed_(feed),
      splices_(splices) {}

void Streams::Open(OpenedConnection opened) {
  const ConnectionId id = opened.id;
  auto made = std::make_unique<Joining>();
  Joining& joining = *made;
  for (const std::string& group : opened.groups) joining.own.since[group] = 0;
  joining.groups = opened.groups;
  joining.opened = std::move(opened);
  const auto channels = ChannelsOf(joining.opened.client_id, joining.groups);
  joining.channels_missing = static_cast<int>(channels.size());
  new_by_client_[joining.opened.client_id].push_back(id);
  joining_.emplace(id, std::move(made));
  for (const std::string& channel : channels) interest_.Hold(channel, id);
}

void Streams::Close(ConnectionId id, EndReason reason) {
  has_metadata_.erase(id);
  ahead_.erase(id);
  const auto joining = joining_.extract(id);
  splices_.Remove(id);
  if (const auto live = live_.extract(id); !live.empty()) {
    const std::string client_id = live.mapped()->id;
    return ReleaseAll(id, client_id, directory_.Remove(live.mapped(), id, reason));
  }
  SLUICE_CHECK(!joining.empty());
  const std::string& client_id = joining.mapped()->opened.client_id;
  std::vector<ConnectionId>& others = new_by_client_[client_id];
  others.erase(std::find(others.begin(), others.end(), id));
  if (others.empty()) new_by_client_.erase(client_id);
  ReleaseAll(id, client_id, joining.mapped()->groups);
}

void Streams::ReleaseAll(ConnectionId id, const std::string& client_id,
                         const std::vector<std::string>& groups) {
  for (const std::string& channel : ChannelsOf(client_id, groups)) {
    interest_.Release(channel, id);
  }
}

void Streams::OnChannelSubscribed(ConnectionId id) {
  const auto found = joining_.find(id);
  if (found == joining_.end()) return;  // It is live, or has left meanwhile.
  --found->second->channels_missing;
  Advance(id, *found->second);
}

void Streams::Advance(ConnectionId id, Joining& joining) {
  if (joining.channels_missing > 0) return;
  if (joining.is_spliced) return splices_.Resume(id, SpansOf(joining, OwnOf(id, joining)));
  if (joining.client == nullptr) return BeginRecordOf(id, joining.opened);
  if (joining.held_at.has_value()) return Splice(id, joining);
  edge_.SetGroups(id, Directory::GroupsOf(Directory::ConnectionOf(*joining.client, id)));
  const auto done = joining_.extract(id);  // Its acks go out.
}

void Streams::BeginRecordOf(ConnectionId id, const OpenedConnection& opened) {
  const auto splice = [this, id](const absl::Status& begun) {
    const auto found = joining_.find(id);
    if (found == joining_.end()) return;
    if (absl::IsUnavailable(begun)) return unbegun_.push_back(id);
    if (!begun.ok()) {
      Log(spdlog::level::warn, "a client's record could not be begun",
          {{"error", std::string(begun.message())}});
    }
    Splice(id, *found->second);
  };
  if (opened.metadata.empty()) return splice(absl::OkStatus());
  ReadOrBeginRecord(backplane_, opened.client_id, opened.metadata,
                    [splice](const auto& record) { splice(record.status()); });
}

void Streams::BeginUnbegun() {
  for (const ConnectionId id : std::exchange(unbegun_, {})) {
    const auto found = joining_.find(id);
    if (found != joining_.end()) BeginRecordOf(id, found->second->opened);
  }
}

void Streams::Splice(ConnectionId id, Joining& joining) {
  joining.is_spliced = true;
  auto spans = SpansOf(joining, OwnOf(id, joining));
  if (joining.held_at.has_value()) {
    splices_.AddHeld(id, joining.opened.client_id, *joining.held_at, std::move(spans));
  } else {
    splices_.Add(joining.opened, std::move(spans));
  }
}

// Nothing of a group that only the record assigns at or below its join number [rule "join"].
std::vector<ResumeSpan> Streams::SpansOf(const Joining& joining, const OwnGroups& own) {
  std::vector<ResumeSpan> spans = {{std::string(kAllChannel), 0},
                                   {ClientChannel(joining.opened.client_id), 0}};
  const Record* record = RecordOf(joining);
  for (const std::string& group : joining.groups) {
    std::uint64_t after = 0;
    if (record != nullptr && !own.since.contains(group)) {
      const auto assigned = record->groups.find(group);
      if (assigned != record->groups.end()) after = assigned->second.sequence;
    }
    spans.push_back({GroupChannel(group), after});
  }
  return spans;
}

OwnGroups Streams::OwnOf(ConnectionId id, const Joining& joining) const {
  if (joining.client == nullptr) return joining.own;
  return Directory::OwnGroupsOf(Directory::ConnectionOf(*joining.client, id));
}

bool Streams::OnRecordRead(ConnectionId id, std::shared_ptr<const Record> record,
                           const EventNumber& read_at) {
  Joining& joining = *joining_.at(id);
  // What the stream asked for is newer than every leave before this moment.
  for (auto& [group, since] : joining.own.since) {
    if (since == 0) since = read_at.sequence;
  }
  const bool is_older =
      joining.record_at.epoch == read_at.epoch && joining.record_at.sequence > read_at.sequence;
  if (!is_older) {
    joining.record = std::move(record);
    joining.record_at = read_at;
    ShowMetadata(id, ScalarsOf(RecordOf(joining)));
  }
  return Settle(id, joining, OwnOf(id, joining));
}

const Record* Streams::RecordOf(const Joining& joining) {
  const Record* record = joining.record.get();
  if (joining.client == nullptr || IsNewer(record, joining.client->record.get())) return record;
  return joining.client->record.get();
}

bool Streams::Settle(ConnectionId id, Joining& joining, OwnGroups own) {
  const Record* record = RecordOf(joining);
  EndLeft(own, record);
  std::vector<std::string> groups = GroupsOf(own, record);
  const GroupsChange change = ChangeBetween(joining.groups, groups);
  if (joining.client != nullptr) {
    directory_.SetGroups(joining.client, id, own, groups);
  } else {
    joining.own = std::move(own);
  }
  if (change.joined.empty() && change.left.empty()) {
    // It may have left a group and joined it again.
    const bool may_differ = joining.is_spliced && record != nullptr && !record->groups.empty();
    if (may_differ) splices_.SetSpans(id, SpansOf(joining, OwnOf(id, joining)));
    return true;
  }
  joining.groups = std::move(groups);
  // One that is not held is live, and joins all at once when it can.
  const bool waits_live = joining.client != nullptr && !joining.held_at.has_value();
  if (!waits_live) edge_.SetGroups(id, joining.groups);
  return Switch(id, joining, change);
}

bool Streams::Switch(ConnectionId id, Joining& joining, const GroupsChange& change) {
  if (joining.is_spliced) splices_.Pause(id);
  joining.channels_missing += static_cast<int>(change.joined.size());
  for (const std::string& group : change.left) {
    if (interest_.Release(GroupChannel(group), id)) --joining.channels_missing;
  }
  if (change.joined.empty()) {
    Advance(id, joining);
  } else {
    // The last of these may take the stream on.
    for (const std::string& group : change.joined) interest_.Hold(GroupChannel(group), id);
  }
  return false;
}

EventNumber Streams::PositionOf(ConnectionId id, const EventNumber& here) const {
  const EventNumber position = feed_.PositionOf(here);
  const auto found = ahead_.find(id);
  if (found == ahead_.end()) return position;
  const bool is_ahead =
      found->second.epoch == position.epoch && found->second.sequence > position.sequence;
  return is_ahead ? found->second : position;
}

void Streams::OnLive(ConnectionId id, const EventNumber& position) {
  if (position.sequence > backplane_.position().sequence) ahead_[id] = position;
  const auto extracted = joining_.extract(id);  // Its acks go out at the end.
  Joining& joining = *extracted.mapped();
  if (joining.client != nullptr) {
    Directory::Client& client = *joining.client;
    if (IsNewer(joining.record.get(), client.record.get())) {
      directory_.SetRecord(client, joining.record);
    }
    return;
  }
  std::vector<ConnectionId>& others = new_by_client_[joining.opened.client_id];
  others.erase(std::find(others.begin(), others.end(), id));
  if (others.empty()) new_by_client_.erase(joining.opened.client_id);
  live_.emplace(id, directory_.Add(joining.opened, joining.record, joining.own, joining.groups));
}

void Streams::OnRecord(const std::string& client_id, const EventNumber& number,
                       const internal::v1::RecordMessage& message, const Ack& ack) {
  const std::shared_ptr<const Record> record = DecodeRecord(message, number);
  const std::shared_ptr<const MetadataScalars> scalars = ScalarsOf(record.get());
  const auto streams = new_by_client_.find(client_id);
  if (streams != new_by_client_.end()) {
    for (const ConnectionId id : std::vector<ConnectionId>(streams->second)) {
      Joining& joining = *joining_.at(id);
      const bool was_read = joining.record_at.sequence > 0;
      if (joining.record_at.epoch == number.epoch &&
          joining.record_at.sequence >= number.sequence) {
        continue;
      }
      joining.record = record;
      joining.record_at = number;
      ShowMetadata(id, scalars);
      for (const std::string& group : message.joined()) joining.own.left.erase(group);
      if (was_read) Settle(id, joining, joining.own);
    }
  }
  Directory::Client* client = directory_.Find(client_id);
  if (client == nullptr) return;
  if (client->record != nullptr && client->record->number.sequence > number.sequence) return;
  if (record == nullptr) KeepGroups(*client, number);
  directory_.SetRecord(*client, record);
  std::vector<ConnectionId> ids;
  for (const Directory::Connection& connection : client->connections) ids.push_back(connection.id);
  for (const ConnectionId id : ids) {
    ShowMetadata(id, scalars);
    OwnGroups own = Directory::OwnGroupsOf(Directory::ConnectionOf(*client, id));
    for (const std::string& group : message.joined()) own.left.erase(group);
    ChangeGroups(*client, id, std::move(own), number, ack);
  }
}

void Streams::OnConnectionGroups(const std::string& client_id, const EventNumber& number,
                                 const internal::v1::ConnectionGroups& message, const Ack& ack) {
  const auto id = ConnectionId::Parse(message.connection_id());
  if (!id.has_value()) return;
  const auto live = live_.find(*id);
  if (live == live_.end() || live->second->id != client_id) return;
  Directory::Client& client = *live->second;
  OwnGroups own = Directory::OwnGroupsOf(Directory::ConnectionOf(client, *id));
  for (const std::string& group : message.join()) {
    own.left.erase(group);
    const bool is_assigned = client.record != nullptr && client.record->groups.contains(group);
    if (!is_assigned) own.since.try_emplace(group, number.sequence);
  }
  for (const std::string& group : message.leave()) {
    own.since.erase(group);
    const bool is_assigned = client.record != nullptr && client.record->groups.contains(group);
    if (is_assigned) own.left.insert(group);
  }
  ChangeGroups(client, *id, std::move(own), number, ack);
}

std::vector<ConnectionId> Streams::IdsOf(const std::string& client_id,
                                         const std::string& connection_id) const {
  std::vector<ConnectionId> ids;
  if (const Directory::Client* client = directory_.Find(client_id)) {
    for (const Directory::Connection& connection : client->connections) {
      ids.push_back(connection.id);
    }
  }
  const auto joining = new_by_client_.find(client_id);
  if (joining != new_by_client_.end()) {
    ids.insert(ids.end(), joining->second.begin(), joining->second.end());
  }
  if (connection_id.empty()) return ids;
  const auto wanted = ConnectionId::Parse(connection_id);
  std::erase_if(ids, [&wanted](ConnectionId id) { return id != wanted; });
  return ids;
}

void Streams::OnRecordsRead(
    const std::vector<std::pair<std::string, std::shared_ptr<const Record>>>& records,
    const EventNumber& read_at) {
  const EventNumber position = feed_.interrupted_at();
  for (const auto& [client_id, record] : records) {
    Directory::Client* client = directory_.Find(client_id);
    if (client == nullptr) continue;
    // A message that has come since is newer. Numbers of another epoch compare with nothing.
    const bool is_older = client->record != nullptr &&
                          client->record->number.epoch == read_at.epoch &&
                          client->record->number.sequence > read_at.sequence;
    if (is_older) continue;
    if (record == nullptr) KeepGroups(*client, position);
    directory_.SetRecord(*client, record);
    const std::shared_ptr<const MetadataScalars> scalars = ScalarsOf(record.get());
    std::vector<ConnectionId> ids;
    for (const Directory::Connection& connection : client->connections) {
      ids.push_back(connection.id);
    }
    for (const ConnectionId id : ids) {
      ShowMetadata(id, scalars);
      ChangeGroups(*client, id, Directory::OwnGroupsOf(Directory::ConnectionOf(*client, id)),
                   position, nullptr);
    }
  }
}

void Streams::ShowMetadata(ConnectionId id, std::shared_ptr<const MetadataScalars> scalars) {
  // Most clients have none and never had; the edge need not be told that.
  if (scalars == nullptr && has_metadata_.erase(id) == 0) return;
  if (scalars != nullptr) has_metadata_.insert(id);
  edge_.SetMetadata(id, std::move(scalars));
}

void Streams::KeepGroups(Directory::Client& client, const EventNumber& number) {
  for (Directory::Connection& connection : client.connections) {
    for (Directory::Membership& membership : connection.groups) {
      if (membership.own_since == 0) membership.own_since = number.sequence;
    }
  }
}

void Streams::ChangeGroups(Directory::Client& client, ConnectionId id, OwnGroups own,
                           const EventNumber& number, const Ack& ack) {
  if (const auto joining = joining_.find(id); joining != joining_.end()) {
    joining->second->acks.push_back(ack);
    Settle(id, *joining->second, std::move(own));
    return;
  }
  EndLeft(own, client.record.get());
  const std::vector<std::string> groups = GroupsOf(own, client.record.get());
  const GroupsChange change =
      ChangeBetween(Directory::GroupsOf(Directory::ConnectionOf(client, id)), groups);
  directory_.SetGroups(&client, id, own, groups);
  // It may have left a group and joined it again while that was not heard.
  const bool is_whole = feed_.is_whole();
  const bool has_rejoined =
      !is_whole && HasJoinedSince(feed_.interrupted_at(), own, client.record.get());
  if (change.joined.empty() && change.left.empty() && !has_rejoined) return;
  int missing = 0;
  for (const std::string& group : change.joined) {
    const std::string channel = GroupChannel(group);
    interest_.Hold(channel, id);
    if (!interest_.IsSubscribed(channel)) ++missing;
  }
  for (const std::string& group : change.left) interest_.Release(GroupChannel(group), id);
  // While not all is whole the stream has still to get what came before.
  const bool has_joined = !change.joined.empty() || has_rejoined;
  const bool is_held = has_history_ && has_joined && (missing > 0 || !is_whole);
  if (is_held) {
    edge_.Hold(id, groups);
  } else if (missing == 0) {
    return edge_.SetGroups(id, groups);
  }
  auto made = std::make_unique<Joining>();
  made->opened.id = id;
  made->opened.client_id = client.id;
  made->groups = groups;
  made->channels_missing = missing;
  made->client = &client;
  if (is_held) made->held_at = PositionOf(id, is_whole ? number : feed_.interrupted_at());
  made->acks.push_back(ack);
  Joining& joining = *made;
  joining_.emplace(id, std::move(made));
  Advance(id, joining);
}

}  // namespace sluice
