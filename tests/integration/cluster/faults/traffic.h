#pragma once

#include <absl/time/time.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/control_stub.h"
#include "tests/support/http/event_stream_client.h"

namespace sluice::tests {

// Broadcasts one after the other by way of each replica in turn, from a thread a replica, while a
// test makes something go wrong; and then compares what callers were told with what streams got.
// Owner:  the test; destruction stops it.
class Traffic {
 public:
  explicit Traffic(const std::vector<std::string>& grpc_addresses);
  ~Traffic() { Stop(); }

  // Waits until so many more calls were answered.
  void WaitForCalls(int count);
  void Stop();

  // What callers saw, such as `OK 120, UNAVAILABLE NOT_SENT 7; unconfirmed 1 in 12`.
  std::string Describe() const;

  // Fails the test unless, on streams that were open all the time and have settled:
  // - no answer claims more connections than got the event, and none less when every replica
  //   confirmed;
  // - nothing arrives that was NOT_SENT, nothing twice, nothing out of order;
  // - whoever misses an event was told so by a gap around its number.
  // `ended`: streams that ended meanwhile, which count for what they got. `may_be_forgotten`: Redis
  // had not heard of a replica for 5 s, so answers did not count it; its streams got the events
  // later.
  void Verify(const std::vector<std::shared_ptr<EventStream>>& streams,
              const std::vector<std::shared_ptr<EventStream>>& ended = {},
              bool may_be_forgotten = false) const;

  std::size_t count(const std::string& result) const;

 private:
  struct Answered {
    std::string data;
    std::string result;  // `OK`, or code and reason.
    std::string event_id;
    std::int64_t connections = 0;
    std::int32_t unconfirmed = 0;
  };

  void Run(std::size_t caller, const std::string& address);
  std::vector<Answered> All() const;

  std::atomic<bool> is_stopping_{false};
  std::vector<std::unique_ptr<Watched<std::vector<Answered>>>> answered_;  // One a caller.
  std::vector<std::thread> callers_;
};

}  // namespace sluice::tests
