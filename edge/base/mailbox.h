#pragma once

#include <absl/functional/any_invocable.h>

#include <atomic>
#include <cstddef>

namespace sluice {

// How other threads reach a thread that owns its data: many producers push tasks, one consumer
// drains them in the order in which they were pushed. Only the push that finds the mailbox empty
// wakes the consumer (the pattern of Envoy's dispatcher, without its lock).
// Owner:  the consumer, which outlives every producer.
// Thread: Push from any thread; Drain on the consumer's.
// Limits: none of its own. Each producer bounds what it has under way: the cluster its fan-outs in
//         bytes, a shard its connections, an RPC its one call.
class Mailbox {
 public:
  using Task = absl::AnyInvocable<void()>;

  // `wake` must arrange for one Drain on the consumer's thread. It is called from any thread.
  explicit Mailbox(absl::AnyInvocable<void()> wake);
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void Push(Task task);

  // Runs everything that was there when it was called, in order. Returns how many ran.
  std::size_t Drain();

 private:
  struct Node {
    Task task;
    Node* next;
  };

  absl::AnyInvocable<void()> wake_;
  // The newest node. Producers release their node by it, the consumer acquires the whole list;
  // alone on its cache line because all producers write it.
  alignas(64) std::atomic<Node*> newest_{nullptr};
};

}  // namespace sluice
