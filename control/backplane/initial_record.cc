#include "control/backplane/initial_record.h"

#include <google/protobuf/util/json_util.h>

#include <optional>
#include <utility>

#include "edge/log/log.h"

namespace sluice {
namespace {

using ReadDone = absl::AnyInvocable<void(absl::StatusOr<std::shared_ptr<const Record>>)>;

// Makes the record, unless it has come into being meanwhile.
std::optional<RecordChange> Beginning(const std::string& metadata) {
  RecordChange::Metadata change;
  if (metadata.empty()) return std::nullopt;
  if (!google::protobuf::util::JsonStringToMessage(metadata, &change.set).ok()) {
    Log(spdlog::level::warn, "a client came with metadata that can't be kept");
    return std::nullopt;
  }
  if (change.set.fields().empty()) return std::nullopt;
  change.expected_version = 0;
  return RecordChange{std::move(change), {}, {}};
}

}  // namespace

void ReadOrBeginRecord(Backplane& backplane, const std::string& client_id,
                       const std::string& metadata, ReadDone done) {
  using Read = absl::StatusOr<std::shared_ptr<const Record>>;
  auto on_read = [&backplane, client_id, metadata, done = std::move(done)](Read record) mutable {
    // One that only assigns groups has no metadata yet.
    const bool has_metadata = record.ok() && *record != nullptr && (*record)->version > 0;
    if (!record.ok() || has_metadata) return done(std::move(record));
    const auto change = Beginning(metadata);
    if (!change.has_value()) return done(std::move(record));
    auto on_begun = [&backplane, client_id, done = std::move(done)](
                        absl::StatusOr<Backplane::ChangedRecord> begun) mutable {
      if (begun.ok()) return done(std::move(begun->record));
      if (!absl::IsAborted(begun.status())) return done(begun.status());
      backplane.ReadRecord(client_id, std::move(done));
    };
    backplane.ChangeRecord(client_id, *change, std::move(on_begun));
  };
  backplane.ReadRecord(client_id, std::move(on_read));
}

}  // namespace sluice
