#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <utility>

#include "control/backplane/redis/link/redis_url.h"

namespace sluice {

// Tells where the Redis is that links shall connect to.
// Owner:  the backplane.
// Thread: the io_context's; `found` is called on it, perhaps before Find returns.
class RedisLocator {
 public:
  using Found = absl::AnyInvocable<void(absl::StatusOr<RedisAddress>)>;

  virtual ~RedisLocator() = default;

  // Called with every attempt to connect. UNAVAILABLE: not known now.
  virtual void Find(Found found) = 0;

  // Whether what was found is to be asked if it is a master: who told of it may be behind.
  virtual bool needs_master() const = 0;

  virtual void Start() {}
  virtual void Stop() {}

  // What was found last has turned out to be wrong.
  virtual void Doubt() {}
};

// One server, which is where it is.
class FixedRedis : public RedisLocator {
 public:
  explicit FixedRedis(RedisAddress address) : address_(std::move(address)) {}

  void Find(Found found) override { found(address_); }
  bool needs_master() const override { return false; }

 private:
  const RedisAddress address_;
};

}  // namespace sluice
