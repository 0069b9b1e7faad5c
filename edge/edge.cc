#include "edge/edge.h"

#include <future>
#include <utility>

#include "edge/base/mutex.h"

namespace sluice {
namespace {

// Adds up what the shards have counted.
class CountsGather {
 public:
  CountsGather(std::size_t parts, absl::AnyInvocable<void(EdgeCounts)> done)
      : parts_missing_(parts), done_(std::move(done)) {}

  void AddPart(const EdgeCounts& part) {
    {
      const MutexLock lock(mutex_);
      sum_.Add(part);
      if (--parts_missing_ > 0) return;
    }
    done_(sum_);
  }

 private:
  Mutex mutex_;
  std::size_t parts_missing_ ABSL_GUARDED_BY(mutex_);
  EdgeCounts sum_;  // Written under the mutex, read by the last.
  absl::AnyInvocable<void(EdgeCounts)> done_;
};

// Collects what the shards say of their connections.
class DescriptionGather {
 public:
  DescriptionGather(std::size_t parts,
                    absl::AnyInvocable<void(std::vector<ConnectionDescription>)> done)
      : parts_missing_(parts), done_(std::move(done)) {}

  void AddPart(std::vector<ConnectionDescription> part) {
    {
      const MutexLock lock(mutex_);
      for (ConnectionDescription& description : part) {
        descriptions_.push_back(std::move(description));
      }
      if (--parts_missing_ > 0) return;
    }
    done_(std::move(descriptions_));
  }

 private:
  Mutex mutex_;
  std::size_t parts_missing_ ABSL_GUARDED_BY(mutex_);
  std::vector<ConnectionDescription> descriptions_;  // Written under the mutex, read by the last.
  absl::AnyInvocable<void(std::vector<ConnectionDescription>)> done_;
};

}  // namespace

Edge::Edge(EdgeOptions options, const Clock& clock, ConnectionObserver& observer, EdgeGuards guards)
    : options_(std::move(options)),
      cors_(options_.cors_origins),
      outbox_budget_(options_.outbox_total_bytes_max),
      limits_(options_.limits) {
  const auto replace = [this](ConnectionId id) {
    Shard& shard = *shards_[static_cast<std::size_t>(id.shard_index())];
    shard.Post([&shard, id] { shard.Replace(id); });
  };
  const ShardContext context = {options_,          cors_,    clock,
                                outbox_budget_,    observer, guards,
                                connection_count_, limits_,  replace};
  for (int index = 0; index < options_.shards; ++index) {
    shards_.push_back(std::make_unique<Shard>(index, context));
  }
}

absl::StatusOr<std::unique_ptr<Edge>> Edge::Start(EdgeOptions options, const Clock& clock,
                                                  ConnectionObserver& observer, EdgeGuards guards) {
  const auto bound = ProbePort(options.http);
  if (!bound.ok()) return bound.status();
  options.http = *bound;
  std::unique_ptr<Edge> edge(new Edge(std::move(options), clock, observer, guards));
  for (const auto& shard : edge->shards_) {
    const absl::Status status = shard->Listen(edge->options_.http);
    if (!status.ok()) return status;
  }
  for (const auto& shard : edge->shards_) shard->Start();
  return edge;
}

Edge::~Edge() {
  Stop();
}

void Edge::Stop() {
  for (const auto& shard : shards_) shard->Stop();
}

void Edge::Replay(ConnectionId id, ReplayPage page, absl::AnyInvocable<void()> drained) {
  Shard& shard = *shards_[static_cast<std::size_t>(id.shard_index())];
  shard.Post([&shard, id, page = std::move(page), drained = std::move(drained)]() mutable {
    shard.Replay(id, page, std::move(drained));
  });
}

void Edge::SetGroups(ConnectionId id, std::vector<std::string> groups) {
  Shard& shard = *shards_[static_cast<std::size_t>(id.shard_index())];
  shard.Post([&shard, id, groups = std::move(groups)]() mutable {
    shard.SetGroups(id, std::move(groups));
  });
}

void Edge::SetMetadata(ConnectionId id, std::shared_ptr<const MetadataScalars> metadata) {
  Shard& shard = *shards_[static_cast<std::size_t>(id.shard_index())];
  shard.Post([&shard, id, metadata = std::move(metadata)]() mutable {
    shard.SetMetadata(id, std::move(metadata));
  });
}

void Edge::Hold(ConnectionId id, std::vector<std::string> groups) {
  Shard& shard = *shards_[static_cast<std::size_t>(id.shard_index())];
  shard.Post(
      [&shard, id, groups = std::move(groups)]() mutable { shard.Hold(id, std::move(groups)); });
}

void Edge::Deliver(const std::vector<int>& shards, const Target& target, const OrderedEvent& event,
                   absl::AnyInvocable<void(FanOutResult)> done) {
  if (shards.empty()) return done({});
  const auto receipt =
      std::make_shared<FanOutReceipt>(static_cast<int>(shards.size()), std::move(done));
  for (const int index : shards) {
    Shard& shard = *shards_[static_cast<std::size_t>(index)];
    shard.Post([&shard, fan_out = FanOut{target, event, receipt}]() mutable {
      shard.Add(std::move(fan_out));
    });
  }
}

void Edge::TellGap(const Target& target, std::string_view reason, const EventNumber& from,
                   const EventNumber& to, bool carries_id) {
  const std::string to_text = to.ToString();
  const auto id = carries_id ? std::optional<std::string_view>(to_text) : std::nullopt;
  const std::string bytes = EncodeGap(reason, from.ToString(), to_text, id);
  for (const auto& shard : shards_) {
    shard->Post([&shard = *shard, target, bytes, number = carries_id ? to : EventNumber()] {
      shard.Tell(target, bytes, number);
    });
  }
}

void Edge::SetPosition(const EventNumber& position, std::uint64_t order) {
  for (const auto& shard : shards_) {
    shard->Post([&shard = *shard, position, order] { shard.SetPosition(position, order); });
  }
}

template <typename Prepare, typename Task>
void Edge::OnShardsOf(const std::vector<ConnectionId>& ids, Prepare prepare, Task task) {
  std::vector<std::vector<ConnectionId>> by_shard(shards_.size());
  for (const ConnectionId id : ids) {
    by_shard[static_cast<std::size_t>(id.shard_index())].push_back(id);
  }
  std::size_t parts = 0;
  for (const auto& shard_ids : by_shard) parts += shard_ids.empty() ? 0 : 1;
  const auto gather = prepare(parts);
  for (std::size_t index = 0; index < shards_.size(); ++index) {
    if (by_shard[index].empty()) continue;
    Shard& shard = *shards_[index];
    shard.Post([&shard, gather, task, shard_ids = std::move(by_shard[index])] {
      task(shard, *gather, shard_ids);
    });
  }
}

void Edge::Describe(const std::vector<ConnectionId>& ids,
                    absl::AnyInvocable<void(std::vector<ConnectionDescription>)> done) {
  if (ids.empty()) return done({});
  OnShardsOf(
      ids,
      [&done](std::size_t parts) {
        return std::make_shared<DescriptionGather>(parts, std::move(done));
      },
      [](Shard& shard, DescriptionGather& gather, const std::vector<ConnectionId>& shard_ids) {
        gather.AddPart(shard.Describe(shard_ids));
      });
}

void Edge::End(const std::vector<ConnectionId>& ids, const Dismissal& dismissal,
               absl::AnyInvocable<void(FanOutResult)> done) {
  if (ids.empty()) return done({});
  OnShardsOf(
      ids,
      [&done](std::size_t parts) {
        return std::make_shared<FanOutReceipt>(static_cast<int>(parts), std::move(done));
      },
      [dismissal](Shard& shard, FanOutReceipt& receipt,
                  const std::vector<ConnectionId>& shard_ids) {
        receipt.AddPart({shard.End(shard_ids, dismissal), 0});
      });
}

void Edge::ReadCounts(absl::AnyInvocable<void(EdgeCounts)> done) {
  const auto gather = std::make_shared<CountsGather>(shards_.size(), std::move(done));
  for (const auto& shard : shards_) {
    shard->Post([&shard = *shard, gather] { gather->AddPart(shard.counts()); });
  }
}

void Edge::BeginDrain() {
  for (const auto& shard : shards_) {
    shard->Post([&shard = *shard] { shard.BeginDrain(); });
  }
}

bool Edge::EndStreams(absl::Duration over, absl::Duration timeout) {
  std::vector<std::future<void>> ends;
  for (const auto& shard : shards_) {
    auto ended = std::make_shared<std::promise<void>>();
    ends.push_back(ended->get_future());
    shard->Post(
        [&shard = *shard, over, ended] { shard.EndAll(over, [ended] { ended->set_value(); }); });
  }
  const auto deadline =
      std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(over + timeout);
  bool all = true;
  for (const auto& end : ends) all &= end.wait_until(deadline) == std::future_status::ready;
  return all;
}

}  // namespace sluice
