#include "edge/base/mailbox.h"

#include <memory>
#include <utility>

namespace sluice {

Mailbox::Mailbox(absl::AnyInvocable<void()> wake) : wake_(std::move(wake)) {}

Mailbox::~Mailbox() {
  Node* node = newest_.exchange(nullptr, std::memory_order_acquire);
  while (node != nullptr) {
    const std::unique_ptr<Node> owned(node);
    node = node->next;
  }
}

void Mailbox::Push(Task task) {
  Node* node = new Node{std::move(task), newest_.load(std::memory_order_relaxed)};
  // After a successful exchange the node belongs to the consumer, so what it replaced is kept
  // aside.
  Node* before = node->next;
  while (!newest_.compare_exchange_weak(before, node, std::memory_order_release,
                                        std::memory_order_relaxed)) {
    node->next = before;
  }
  if (before == nullptr) wake_();
}

std::size_t Mailbox::Drain() {
  Node* node = newest_.exchange(nullptr, std::memory_order_acquire);
  Node* oldest = nullptr;
  while (node != nullptr) {
    Node* next = node->next;
    node->next = oldest;
    oldest = node;
    node = next;
  }
  std::size_t count = 0;
  while (oldest != nullptr) {
    const std::unique_ptr<Node> owned(oldest);
    oldest = oldest->next;
    owned->task();
    ++count;
  }
  return count;
}

}  // namespace sluice
