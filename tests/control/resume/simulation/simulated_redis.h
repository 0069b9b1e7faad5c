#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "control/backplane/backplane.h"
#include "tests/control/resume/simulation/virtual_time.h"

namespace sluice::tests {

// Rules that can be taken out, to see that the simulation notices.
struct Broken {
  bool doubles = false;  // Sessions take numbers that they have had.
  bool hold = false;     // Events are delivered while a replica catches up.
  bool covered = false;  // Subscriptions are confirmed before they hold.
  bool epoch = false;    // A new run of Redis goes on with the epoch.
  bool trimmed = false;  // What was cut is not told.
  bool join = false;     // A record does not tell since when a client is in a group.
  bool records = false;  // Records are not read after a break, nor by streams that come back.
};

// What the oracle knows of a publish that took effect.
struct Publish {
  std::string channel;
  EventNumber number;
  int epoch = 0;  // The how-manieth.
  bool is_ephemeral = false;
  bool is_lost = false;   // Redis lost it later.
  bool is_known = false;  // Its caller was told, or a page got it.
};

// What the oracle knows of a client's being assigned to a group: from this number on it is, or is
// not.
struct Assignment {
  std::string client_id;
  std::string group;
  int epoch = 0;
  std::uint64_t sequence = 0;  // 0: from the begin of the epoch.
  bool is_in = false;
  absl::Duration at;  // When that was decided.
};

// A Redis as the scripts see it: numbers, histories, records, subscriptions; it restarts, with or
// without its data.
class SimulatedRedis {
 public:
  // A replica's subscription connection.
  struct Subscription {
    std::set<std::string> channels;
    // Messages arrive in order; never after the connection is cut.
    std::function<void(std::string, EventNumber, std::string)> on_message;
    std::function<void(std::uint64_t)> on_confirm;  // With the SUBSCRIBE's serial.
    std::function<void()> on_end;
    bool is_open = true;
    absl::Duration last_arrival = absl::ZeroDuration();
  };

  SimulatedRedis(VirtualTime& time, HistoryOptions options, const Broken& broken);

  bool is_up() const { return is_up_; }
  int run() const { return run_; }

  std::shared_ptr<Subscription> Connect();
  void Subscribe(const std::shared_ptr<Subscription>& subscription, const std::string& channel,
                 std::uint64_t serial);
  void Unsubscribe(const std::shared_ptr<Subscription>& subscription, const std::string& channel);
  void Cut(const std::shared_ptr<Subscription>& subscription);

  // The scripts. `data`: of the event; kept unless it is ephemeral.
  EventNumber PublishEvent(const std::string& channel, const std::string& payload, int uid,
                           bool is_ephemeral);
  EventNumber ChangeRecord(const std::string& client_id, const RecordChange& change);
  void Report();
  HistoryRead Read(const HistoryQuery& query);

  enum class Loss { kNothing, kTheNewest, kEverything };
  void Restart(Loss loss, absl::Duration downtime);

  // By uid.
  std::map<int, Publish>& truth() { return truth_; }
  // In order.
  const std::vector<Assignment>& assignments() const { return assignments_; }
  // The order of epochs.
  int EpochIndex(const EventNumber& number) const;
  absl::Duration OldestCopy() const { return absl::Seconds(2); }

 private:
  struct Channel {
    std::deque<HistoryEntry> entries;
    std::uint64_t trimmed_to = 0;
  };
  struct Data {
    std::map<std::string, Channel> channels;
    std::map<std::string, std::shared_ptr<const Record>> records;
    EventNumber last;
    bool has_key = false;
    std::size_t known = 0;  // How many publishes are in it.
  };

  std::uint64_t TimeUs() const;
  EventNumber NextNumber();
  void BeginEpoch();
  void CheckRun();
  void NoteAssignment(const std::string& client_id, const std::string& group,
                      std::uint64_t sequence);
  void Send(const std::string& channel, const EventNumber& number, const std::string& payload);

  VirtualTime& time_;
  const HistoryOptions options_;
  const Broken& broken_;
  bool is_up_ = true;
  int run_ = 1;
  int key_run_ = 0;  // That began the epoch.
  Data data_;
  std::deque<std::pair<absl::Duration, Data>> copies_;
  std::vector<std::string> epochs_;
  std::vector<std::shared_ptr<Subscription>> subscriptions_;
  std::map<int, Publish> truth_;
  std::set<std::pair<std::string, std::string>> assigned_;  // Clients and groups, ever.
  std::vector<Assignment> assignments_;
  std::vector<int> order_;
};

}  // namespace sluice::tests
