#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "edge/names/event_number.h"
#include "tests/support/http/event_stream_client.h"

namespace sluice::tests {

// A stream that keeps of each event only what an oracle needs.
class NumberedStream {
 public:
  struct Received {
    std::uint64_t sequence;  // Of the event's id.
    int serial;              // What the publisher wrote as its data.
  };
  struct Log {
    std::uint64_t joined_at = 0;  // The sequence of `sluice.open`; 0 until it came.
    std::vector<Received> received;
    std::string mistake;  // What was wrong with an event; empty as long as nothing was.
  };

  // Opens it. `client`: holds it; outlives it.
  NumberedStream(EventStreamClient& client, int port, std::string client_id,
                 std::set<std::string> groups);

  const std::string& client_id() const { return client_id_; }
  const std::set<std::string>& groups() const { return groups_; }
  EventStream& stream() { return *stream_; }

  bool WaitForOpen() const;
  // Waits for the event with this serial.
  bool WaitForSerial(int serial) const;

  Log log() const { return log_->Copy(); }

 private:
  const std::string client_id_;
  const std::set<std::string> groups_;
  // Shared with the stream's callback, which may outlive this object.
  const std::shared_ptr<Watched<Log>> log_;
  std::shared_ptr<EventStream> stream_;
};

}  // namespace sluice::tests
