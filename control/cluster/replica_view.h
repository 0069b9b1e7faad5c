#pragma once

#include <absl/time/time.h>
#include <sluice/internal/v1/envelope.pb.h>

#include <cstdint>
#include <string>

namespace sluice {

// One replica as ListReplicas tells of it.
struct ReplicaView {
  std::string replica_id;
  std::string version;
  absl::Time start_time;
  std::int64_t connections = 0;
  absl::Time last_seen;
  bool is_ready = false;

  ReplicaView(std::string id, const internal::v1::ReplicaDescription& described, absl::Time seen)
      : replica_id(std::move(id)),
        version(described.software_version()),
        start_time(absl::FromUnixMicros(described.start_time_us())),
        connections(described.connections()),
        last_seen(seen),
        is_ready(described.ready()) {}
};

}  // namespace sluice
