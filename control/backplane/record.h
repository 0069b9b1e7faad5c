#pragma once

#include <absl/status/statusor.h>
#include <google/protobuf/struct.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

// What is kept of a client whether it is connected or not.
struct Record {
  google::protobuf::Struct metadata;
  // Grows by one with each change; a record that exists has at least 1.
  std::int64_t version = 0;
};

// A change of a client's metadata (SetClientMetadata).
struct RecordChange {
  google::protobuf::Struct set;
  std::vector<std::string> remove_keys;
  bool replaces_all = false;
  std::optional<std::int64_t> expected_version;
};

inline constexpr std::size_t kMetadataBytesMax = 16 * 1024;

// The record after the change of `present`, which is null when there is none. Errors: ABORTED if
// another version is expected, INVALID_ARGUMENT if the metadata would be over kMetadataBytesMax as
// JSON.
absl::StatusOr<Record> ApplyChange(const Record* present, const RecordChange& change);

// The JSON text of a scalar, strings bare, as `metadata_match` compares it. None for lists and
// objects, which match nothing.
std::optional<std::string> ScalarText(const google::protobuf::Value& value);

}  // namespace sluice
