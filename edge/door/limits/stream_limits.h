#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/time/time.h>
#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "edge/base/mutex.h"
#include "edge/base/rate_limit.h"
#include "edge/names/connection_id.h"

namespace sluice {

class StreamLimits;

// The places that a stream takes.
// Owner:  its session. The limits outlive it.
class StreamPlaces {
 public:
  StreamPlaces(StreamLimits& limits, std::string address, std::string client_id,
               std::vector<std::string> groups, ConnectionId id);
  ~StreamPlaces();
  StreamPlaces(const StreamPlaces&) = delete;
  StreamPlaces& operator=(const StreamPlaces&) = delete;

  ConnectionId id() const { return id_; }

  // The stream has ended; its socket, and so the place of its address, may stay a little longer.
  void LeaveAudience();

 private:
  StreamLimits& limits_;
  const std::string address_;
  const std::string client_id_;
  const std::vector<std::string> groups_;
  const ConnectionId id_;
  bool has_left_ = false;
};

// How many streams one address, one client and one group may have on this replica, and how many may
// begin in a second (--max-per-ip, --max-per-client, --max-per-group, --max-connect-rate).
// Thread: any; one mutex, taken when a stream begins, ends and is closed, and only where a limit is
//         set.
class StreamLimits {
 public:
  struct Options {
    // 0: no limit.
    std::size_t per_address_max = 0;
    std::size_t per_client_max = 0;
    std::size_t per_group_max = 0;
    double begins_per_second_max = 0;
    // A client's newest stream takes the place of its oldest one, instead of being refused.
    bool replaces_oldest = true;

    bool has_any() const {
      return per_address_max > 0 || per_client_max > 0 || per_group_max > 0 ||
             begins_per_second_max > 0;
    }
  };

  // Why a stream finds no place.
  enum class Limit { kAddress, kClient, kGroup, kRate };

  struct Entry {
    std::unique_ptr<StreamPlaces> places;  // Null: no limit is set.
    std::optional<ConnectionId> replaced;  // This one has lost its place, and is to end.
  };

  explicit StreamLimits(Options options);

  // An IPv6 address counts with all of its /64, which is one customer's. `client_id` empty: the
  // stream is nobody's. Groups: those that it asks for; those that are assigned are not counted.
  std::variant<Entry, Limit> Enter(const boost::asio::ip::address& address,
                                   const std::string& client_id,
                                   const std::vector<std::string>& groups, ConnectionId id,
                                   absl::Duration uptime);

 private:
  friend class StreamPlaces;
  using Counts = absl::flat_hash_map<std::string, std::size_t>;

  void LeaveAudience(const std::string& client_id, const std::vector<std::string>& groups,
                     ConnectionId id);
  void LeaveAddress(const std::string& address);

  const Options options_;
  Mutex mutex_;
  RateLimit rate_ ABSL_GUARDED_BY(mutex_);
  Counts addresses_ ABSL_GUARDED_BY(mutex_);
  Counts groups_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::deque<ConnectionId>> clients_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
