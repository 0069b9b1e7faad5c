#pragma once

#include <absl/status/statusor.h>
#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/names/event_number.h"
#include "edge/names/text_rules.h"

namespace sluice {

// What is kept of a client whether it is connected or not.
struct Record {
  google::protobuf::Struct metadata;
  // Of the metadata: grows by one with each change of it; 0: none was ever set.
  std::int64_t version = 0;
  // Of the change that made this of the record; no two states of a record have the same.
  EventNumber number;
  // The groups that the client is assigned to, with the number at which it was put into each: it
  // gets nothing of a group at or below it [rules "join" and "keep-join" of the design].
  std::map<std::string, EventNumber> groups;
  // The groups that it was last taken out of: streams that asked for one before are out of it.
  std::map<std::string, EventNumber> left;

  // There is nothing that a caller has asked to keep.
  bool is_empty() const { return version == 0 && groups.empty(); }
};

// A change of a client's record.
struct RecordChange {
  // Of its metadata (SetClientMetadata).
  struct Metadata {
    google::protobuf::Struct set;
    std::vector<std::string> remove_keys;
    bool replaces_all = false;
    std::optional<std::int64_t> expected_version;
  };
  std::optional<Metadata> metadata;
  // Of its groups (JoinGroups, LeaveGroups).
  std::vector<std::string> join;
  std::vector<std::string> leave;
};

inline constexpr std::size_t kMetadataBytesMax = 16 * 1024;

// The record after the change of `present`, which is null when there is none. Its number, and those
// of groups that it newly joins or leaves, have the sequence 0: SetNumber sets them. Errors:
// ABORTED if another version is expected, INVALID_ARGUMENT if the metadata would be over
// kMetadataBytesMax as JSON or the groups over kGroupsMax.
absl::StatusOr<Record> ApplyChange(const Record* present, const RecordChange& change);

// The change has got its number.
void SetNumber(Record& record, const EventNumber& number);

// True if `a` is of a later change than `b`. Both may be null: no record.
bool IsNewer(const Record* a, const Record* b);

// Of the keys that a filter compares.
inline constexpr std::size_t kMetadataMatchesMax = 16;

// The JSON text of a scalar, strings bare, as `metadata_match` compares it. None for lists and
// objects, which match nothing.
std::optional<std::string> ScalarText(const google::protobuf::Value& value);

// Whether the metadata holds all of these (`metadata_match`).
bool HoldsScalars(const google::protobuf::Struct& metadata,
                  const google::protobuf::Map<std::string, std::string>& match);

}  // namespace sluice
