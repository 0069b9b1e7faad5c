#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "edge/connection_observer.h"
#include "tests/support/watched.h"

namespace sluice::tests {

// Writes down which streams came and went.
// Thread: any thread.
class RecordingObserver : public ConnectionObserver {
 public:
  struct Record {
    std::vector<OpenedConnection> opened;
    std::vector<std::pair<ConnectionId, EndReason>> closed;
  };

  void OnConnectionOpened(OpenedConnection connection) override {
    record_.Update([&](Record& record) { record.opened.push_back(std::move(connection)); });
  }
  void OnConnectionClosed(ConnectionId id, EndReason reason) override {
    record_.Update([&](Record& record) { record.closed.emplace_back(id, reason); });
  }

  // The stream that came in this place; nothing when it never does.
  std::optional<OpenedConnection> WaitForOpened(std::size_t place) {
    const bool has_come = record_.WaitFor(
        [place](const Record& record) { return record.opened.size() > place; }, kPatience);
    if (!has_come) return std::nullopt;
    return record_.Read([place](const Record& record) { return record.opened[place]; });
  }

  bool WaitForClosed(std::size_t count) {
    return record_.WaitFor([count](const Record& record) { return record.closed.size() >= count; },
                           kPatience);
  }

  Record Copy() const { return record_.Copy(); }

 private:
  Watched<Record> record_;
};

}  // namespace sluice::tests
