#include "control/rpc/watch/watch_call.h"

#include <grpcpp/support/async_stream.h>

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "control/caller/reach/request_reach.h"
#include "control/presence/watch/client_watches.h"
#include "control/request/client_request.h"
#include "control/request/error_reason.h"
#include "edge/base/clock.h"

namespace sluice {
namespace {

// The watch is told of so many written events at once.
constexpr std::size_t kWrittenBatch = 64;

absl::Status ShuttingDown() {
  return WithReason(absl::UnavailableError("the server is stopping; watch another replica"),
                    "SHUTTING_DOWN");
}

// The watch filters by what the caller reached when it began.
absl::Status ReachHasChanged() {
  return WithReason(absl::UnavailableError("what this caller reaches has changed; watch again"),
                    "CREDENTIAL_CHANGED");
}

// One call. Writes what the watch gives it, one event after the other.
// Owner:  its pending operations, and its watch.
// Thread: events come on the cluster thread, writes complete on completion-queue threads; the mutex
//         orders them.
class WatchCall : public OpenCalls::Call,
                  public WatchOutlet,
                  public std::enable_shared_from_this<WatchCall> {
 public:
  WatchCall(const WatchServing& serving, CallQueue& queue)
      : serving_(serving), queue_(queue), writer_(&context_) {}

  void Accept() {
    queue_.Accept([this](grpc::ServerCompletionQueue* queue) {
      context_.AsyncNotifyWhenDone(static_cast<CompletionTag*>(&call_done_));
      serving_.service.RequestWatchClients(&context_, &request_, &writer_, queue, queue,
                                           Tag(&WatchCall::OnAccepted));
    });
  }

  std::size_t Send(const v1::WatchClientsResponse& event) override {
    grpc::ByteBuffer bytes = SerializeResponse(event);
    const std::size_t size = bytes.Length();
    const absl::Status admitted = AdmitStill();
    const MutexLock lock(mutex_);
    if (!admitted.ok()) End(admitted);
    if (!end_.has_value()) pending_.push_back(std::move(bytes));
    Proceed();
    return size;
  }

  void Fail(const absl::Status& status) override {
    const MutexLock lock(mutex_);
    pending_.clear();
    End(status);
    Proceed();
  }

  void End() override {
    const MutexLock lock(mutex_);
    End(ShuttingDown());
    is_detached_ = true;
    Proceed();
  }

 private:
  using Operation = CallOperation<WatchCall>;

  void* Tag(Operation::Member member) { return Operation::Tag(shared_from_this(), member); }

  // Unlike an Operation it owns nothing until a call has come: gRPC never hands it back for one
  // that does not come.
  class CallDone : public CompletionTag {
   public:
    void Hold(std::shared_ptr<WatchCall> call) { call_ = std::move(call); }
    void OnCompletion(bool) override { std::exchange(call_, nullptr)->OnCallDone(); }

   private:
    std::shared_ptr<WatchCall> call_;
  };

  void OnAccepted(bool ok) {
    if (!ok) return;
    started_ = SystemClock().Uptime();
    call_done_.Hold(shared_from_this());
    ServeWatch(serving_, queue_);
    auto query = Read();
    if (!query.ok()) return Fail(query.status());
    serving_.open_calls.Add(shared_from_this());
    const MutexLock lock(mutex_);
    Tell([this, self = shared_from_this(), query = *std::move(query)](ClientWatches& watches) {
      watches.Start(query, caller_, self);
    });
  }

  absl::StatusOr<WatchQuery> Read() {
    absl::Status status = Admit();
    v1::WatchClientsRequest request;
    if (status.ok()) status = ParseRequest(request_, request);
    request_.Clear();
    if (status.ok()) status = CheckReach(*caller_, request);
    if (!status.ok()) return status;
    return ReadRequest(request);
  }

  absl::Status Admit() {
    admitted_at_ = serving_.door == nullptr ? 0 : serving_.door->version();
    auto caller = AdmitCall(serving_.door, Scope::kClientsRead, context_);
    if (caller.ok()) caller_ = *std::move(caller);
    return caller.status();
  }

  // A call may outlive its token, or the entry of the tokens file that let it in.
  absl::Status AdmitStill() {
    if (serving_.door == nullptr || serving_.door->IsStillAdmitted(*caller_, admitted_at_)) {
      return absl::OkStatus();
    }
    const CallerPointer before = caller_;
    const absl::Status status = Admit();
    const bool has_same_reach = caller_->group_prefixes == before->group_prefixes &&
                                caller_->client_id_prefixes == before->client_id_prefixes;
    if (status.ok() && !has_same_reach) return ReachHasChanged();
    return status;
  }

  // The caller has gone, or the call is finished.
  void OnCallDone() {
    {
      const MutexLock lock(mutex_);
      pending_.clear();
      if (!std::exchange(is_finished_, true)) {
        serving_.counts.Count(grpc::StatusCode::CANCELLED, SystemClock().Uptime() - started_);
      }
      Tell([self = shared_from_this()](ClientWatches& watches) { watches.End(self.get()); });
    }
    serving_.open_calls.Remove(this);
  }

  void OnWritten(bool ok) {
    const MutexLock lock(mutex_);
    is_writing_ = false;
    ++written_count_;
    written_bytes_ += writing_bytes_;
    if (written_count_ >= kWrittenBatch || pending_.empty()) TellWritten();
    if (ok) Proceed();
  }

  template <typename Task>
  void Tell(Task task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!is_detached_) serving_.cluster.Watch(std::move(task));
  }

  void TellWritten() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Tell([self = shared_from_this(), count = std::exchange(written_count_, 0),
          bytes = std::exchange(written_bytes_, 0)](ClientWatches& watches) {
      watches.OnWritten(self.get(), count, bytes);
    });
  }

  void End(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!end_.has_value()) end_ = status;
  }

  void Proceed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (is_writing_ || is_finished_) return;
    if (!pending_.empty()) {
      is_writing_ = true;
      writing_bytes_ = pending_.front().Length();
      writer_.Write(pending_.front(), Tag(&WatchCall::OnWritten));
      pending_.pop_front();
    } else if (end_.has_value()) {
      is_finished_ = true;
      serving_.counts.Count(static_cast<int>(end_->code()), SystemClock().Uptime() - started_);
      writer_.Finish(ToGrpcStatus(*end_), Tag(&WatchCall::OnFinished));
    }
  }

  void OnFinished(bool) {}

  const WatchServing serving_;
  CallQueue& queue_;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncWriter<grpc::ByteBuffer> writer_;
  CallDone call_done_;
  absl::Duration started_;         // Uptime.
  CallerPointer caller_;           // Set before the watch begins; then the cluster thread's.
  std::uint64_t admitted_at_ = 0;  // CallerDoor::version.

  Mutex mutex_;
  std::deque<grpc::ByteBuffer> pending_ ABSL_GUARDED_BY(mutex_);
  bool is_writing_ ABSL_GUARDED_BY(mutex_) = false;
  std::size_t writing_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // Written, and the watch has not been told.
  std::size_t written_count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::size_t written_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
  bool is_finished_ ABSL_GUARDED_BY(mutex_) = false;
  // The server is stopping, and the cluster may be gone when this call is.
  bool is_detached_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

void ServeWatch(const WatchServing& serving, CallQueue& queue) {
  std::make_shared<WatchCall>(serving, queue)->Accept();
}

}  // namespace sluice
