#include "control/rpc/publish_call.h"

#include <grpcpp/support/async_stream.h>

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "control/caller/reach/request_reach.h"
#include "control/message/trace_context.h"
#include "control/request/error_reason.h"
#include "control/request/publish_request.h"
#include "edge/base/clock.h"

namespace sluice {
namespace {

constexpr std::size_t kUnansweredMax = 1024;

absl::Status ShuttingDown() {
  return WithReason(
      absl::UnavailableError("the server is stopping; what was not answered was not sent"),
      "SHUTTING_DOWN");
}

// One stream of publishes. Requests are read and handed to the cluster one after the other, so they
// take effect in the order written; answers wait here for their turn.
// Owner:  its pending operations and unanswered requests, each with a reference.
// Thread: reads and writes complete on completion-queue threads, answers on that which has them;
// the
//         mutex orders them.
class PublishCall : public OpenCalls::Call, public std::enable_shared_from_this<PublishCall> {
 public:
  PublishCall(const PublishServing& serving, CallQueue& queue)
      : serving_(serving), queue_(queue), stream_(&context_) {}

  ~PublishCall() override { serving_.open_calls.Remove(this); }

  void Accept() {
    queue_.Accept([this](grpc::ServerCompletionQueue* queue) {
      serving_.service.RequestPublish(&context_, &stream_, queue, queue,
                                      Tag(&PublishCall::OnAccepted));
    });
  }

  void End() override {
    const MutexLock lock(mutex_);
    is_ended_ = has_read_all_ = true;
    FinishIfDone();
  }

 private:
  using Operation = CallOperation<PublishCall>;

  void* Tag(Operation::Member member) { return Operation::Tag(shared_from_this(), member); }

  void OnAccepted(bool ok) {
    if (!ok) return;
    ServePublish(serving_, queue_);
    const absl::Status admitted = Admit();
    if (admitted.ok()) serving_.open_calls.Add(shared_from_this());
    const MutexLock lock(mutex_);
    if (admitted.ok()) return Read();
    is_finishing_ = true;
    stream_.Finish(ToGrpcStatus(admitted), Tag(&PublishCall::OnFinished));
  }

  absl::Status Admit() {
    admitted_at_ = serving_.door == nullptr ? 0 : serving_.door->version();
    auto caller = AdmitCall(serving_.door, Scope::kPublish, context_);
    if (caller.ok()) caller_ = *std::move(caller);
    trace_id_ = TraceIdOf(context_);
    return caller.status();
  }

  // A call may outlive its token, or the entry of the tokens file that let it in.
  absl::Status AdmitStill() {
    if (serving_.door == nullptr || serving_.door->IsStillAdmitted(*caller_, admitted_at_))
      return absl::OkStatus();
    return Admit();
  }

  void OnRead(bool ok) {
    if (!ok) {
      const MutexLock lock(mutex_);
      has_read_all_ = true;
      return FinishIfDone();
    }
    std::uint64_t slot = 0;
    {
      const MutexLock lock(mutex_);
      if (is_ended_) return;  // It is told so by the call's status.
      slot = first_slot_ + answers_.size();
      answers_.emplace_back();
    }
    Handle(slot);
    const MutexLock lock(mutex_);
    is_reading_ = false;
    ReadIfRoom();
  }

  void Handle(std::uint64_t slot) {
    const absl::Duration started = SystemClock().Uptime();
    v1::PublishRequest request;
    absl::Status status = ParseRequest(request_bytes_, request);
    request_bytes_.Clear();
    if (status.ok()) status = AdmitStill();
    if (!status.ok()) return Answer(slot, started, status);
    auto command = ReadRequest(request);
    if (!command.ok()) return Answer(slot, started, command.status());
    status = CheckReach(*caller_, request);
    if (status.ok()) status = serving_.rates.Take(caller_->id);
    if (!status.ok()) return Answer(slot, started, status);
    ScopeClaim(caller_->id, *command);
    command->deadline = absl::FromChrono(context_.deadline());
    command->trace_id = trace_id_;
    serving_.cluster.Publish(*std::move(command), [self = shared_from_this(), slot,
                                                   started](absl::StatusOr<v1::Delivery> delivery) {
      self->Answer(slot, started, std::move(delivery));
    });
  }

  void Answer(std::uint64_t slot, absl::Duration started, absl::StatusOr<v1::Delivery> delivery) {
    serving_.counts.Count(static_cast<int>(delivery.status().code()),
                          SystemClock().Uptime() - started);
    v1::PublishResponse response;
    if (delivery.ok()) {
      *response.mutable_delivery() = *std::move(delivery);
    } else {
      *response.mutable_error() = ToRpcStatus(delivery.status());
    }
    const MutexLock lock(mutex_);
    if (is_broken_) return;
    answers_[slot - first_slot_] = SerializeResponse(response);
    WriteIfReady();
    ReadIfRoom();
  }

  void WriteIfReady() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (is_writing_ || answers_.empty() || !answers_.front().has_value()) return;
    const grpc::ByteBuffer answer = *std::move(answers_.front());
    answers_.pop_front();
    ++first_slot_;
    is_writing_ = true;
    grpc::WriteOptions options;
    // With more to come at once, the transport need not send each answer by itself. The first one
    // takes the call's initial metadata along, which gRPC holds back with it under this hint.
    const bool is_first = first_slot_ == 1;
    if (!is_first && !answers_.empty() && answers_.front().has_value()) options.set_buffer_hint();
    stream_.Write(answer, options, Tag(&PublishCall::OnWritten));
  }

  void OnWritten(bool ok) {
    const MutexLock lock(mutex_);
    is_writing_ = false;
    if (!ok) {  // The publisher has gone; what it sent takes effect all the same.
      is_broken_ = true;
      answers_.clear();
    }
    WriteIfReady();
    ReadIfRoom();
    FinishIfDone();
  }

  void ReadIfRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (is_reading_ || has_read_all_ || is_broken_) return;
    if (answers_.size() + (is_writing_ ? 1 : 0) < kUnansweredMax) Read();
  }

  void Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    is_reading_ = true;
    stream_.Read(&request_bytes_, Tag(&PublishCall::OnRead));
  }

  void FinishIfDone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool is_done = is_broken_ ? !is_reading_ || has_read_all_ : has_read_all_;
    if (!is_done || !answers_.empty() || is_writing_ || is_finishing_) return;
    is_finishing_ = true;
    stream_.Finish(is_ended_ ? ToGrpcStatus(ShuttingDown()) : grpc::Status::OK,
                   Tag(&PublishCall::OnFinished));
  }

  void OnFinished(bool) {}

  const PublishServing serving_;
  CallQueue& queue_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer> stream_;
  // Set when the call is admitted, then used by the one read that is being handled.
  CallerPointer caller_;
  std::uint64_t admitted_at_ = 0;
  std::string trace_id_;            // Of the whole call.
  grpc::ByteBuffer request_bytes_;  // Of the read that is pending or being handled.

  Mutex mutex_;
  // The answers of requests first_slot_ and after; empty ones are still to come.
  std::deque<std::optional<grpc::ByteBuffer>> answers_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t first_slot_ ABSL_GUARDED_BY(mutex_) = 0;
  bool is_reading_ ABSL_GUARDED_BY(mutex_) = false;  // Or handling what was read.
  bool has_read_all_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_ended_ ABSL_GUARDED_BY(mutex_) = false;  // By the server.
  bool is_finishing_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

void ServePublish(const PublishServing& serving, CallQueue& queue) {
  std::make_shared<PublishCall>(serving, queue)->Accept();
}

}  // namespace sluice
