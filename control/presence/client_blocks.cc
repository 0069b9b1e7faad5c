#include "control/presence/client_blocks.h"

#include <utility>
#include <vector>

namespace sluice {

void ClientBlocks::Read(absl::AnyInvocable<void(absl::Status)> done) {
  is_reading_ = true;
  backplane_.ReadBlocked([this, done = std::move(done)](
                             absl::StatusOr<std::vector<Backplane::Blocked>> blocked) mutable {
    is_reading_ = false;
    if (!blocked.ok()) return done(blocked.status());
    is_read_ = !std::exchange(is_stale_, false);
    for (const auto& [client_id, left] : *blocked) blocked_.Block(client_id, left);
    // Streams that came while nobody knew.
    for (const auto& [client_id, left] : *blocked) end_(client_id);
    done(absl::OkStatus());
    ReadIfMissing();
  });
}

void ClientBlocks::ReadAgain() {
  is_read_ = false;
  is_stale_ = is_reading_;
  ReadIfMissing();
}

void ClientBlocks::ReadIfMissing() {
  if (is_read_ || is_reading_) return;
  Read([](const absl::Status&) {});
}

}  // namespace sluice
