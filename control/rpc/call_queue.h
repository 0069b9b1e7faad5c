#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <utility>

#include "edge/base/mutex.h"

namespace sluice {

// What a completion queue hands back. Called on a completion-queue thread.
class CompletionTag {
 public:
  virtual ~CompletionTag() = default;
  virtual void OnCompletion(bool ok) = 0;
};

// An operation of a call that gRPC has under way. It keeps the call until gRPC hands it back, which
// it does once.
template <typename Call>
class CallOperation : public CompletionTag {
 public:
  using Member = void (Call::*)(bool ok);

  // The tag of an operation at whose end `member` is called.
  static void* Tag(std::shared_ptr<Call> call, Member member) {
    return static_cast<CompletionTag*>(new CallOperation(std::move(call), member));
  }

  void OnCompletion(bool ok) override {
    const std::unique_ptr<CallOperation> self(this);
    (call_.get()->*member_)(ok);
  }

 private:
  CallOperation(std::shared_ptr<Call> call, Member member)
      : call_(std::move(call)), member_(member) {}

  const std::shared_ptr<Call> call_;
  const Member member_;
};

// A completion queue that takes requests for further calls until it is closed: asking a queue that
// has been shut down aborts in gRPC.
// Thread: any.
class CallQueue {
 public:
  explicit CallQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue)
      : queue_(std::move(queue)) {}

  // Runs `request`, which asks gRPC for a call, unless the queue is closed. False: it is.
  template <typename Request>
  bool Accept(Request request) {
    const MutexLock lock(mutex_);
    if (is_closed_) return false;
    request(queue_.get());
    return true;
  }

  // Hands out completions until the queue is closed and empty.
  void Run() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) static_cast<CompletionTag*>(tag)->OnCompletion(ok);
  }

  void Close() {
    const MutexLock lock(mutex_);
    is_closed_ = true;
    queue_->Shutdown();
  }

 private:
  Mutex mutex_;
  bool is_closed_ ABSL_GUARDED_BY(mutex_) = false;
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
};

}  // namespace sluice
