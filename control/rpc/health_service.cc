#include "control/rpc/health_service.h"

#include <grpcpp/support/async_stream.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "control/request/error_reason.h"

namespace sluice {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// One call of Watch. Writes the newest status whenever it differs from the last one written.
// Owner:  its pending operations and the service's list.
class HealthWatch : public std::enable_shared_from_this<HealthWatch> {
 public:
  HealthWatch(HealthService& service, CallQueue& queue)
      : service_(service), queue_(queue), writer_(&context_) {}

  void Accept() {
    queue_.Accept([this](grpc::ServerCompletionQueue* queue) {
      context_.AsyncNotifyWhenDone(static_cast<CompletionTag*>(&call_done_));
      service_.service_.RequestWatch(&context_, &request_, &writer_, queue, queue,
                                     Tag(&HealthWatch::OnAccepted));
    });
  }

  void Show(HealthCheckResponse::ServingStatus status) {
    const MutexLock lock(mutex_);
    wanted_ = is_known_ ? status : HealthCheckResponse::SERVICE_UNKNOWN;
    WriteIfNew();
  }

  void Finish() {
    const MutexLock lock(mutex_);
    if (is_finished_) return;
    is_finished_ = true;
    // While a write is pending its completion finishes the call.
    if (!is_writing_) FinishNow();
  }

 private:
  using Operation = CallOperation<HealthWatch>;

  void* Tag(Operation::Member member) { return Operation::Tag(shared_from_this(), member); }

  // Unlike an Operation it owns nothing until a call has come: gRPC never hands it back for one
  // that does not come.
  class CallDone : public CompletionTag {
   public:
    void Hold(std::shared_ptr<HealthWatch> watch) { watch_ = std::move(watch); }
    void OnCompletion(bool) override { std::exchange(watch_, nullptr)->OnCallDone(); }

   private:
    std::shared_ptr<HealthWatch> watch_;
  };

  void OnAccepted(bool ok) {
    if (!ok) return;
    call_done_.Hold(shared_from_this());
    std::make_shared<HealthWatch>(service_, queue_)->Accept();
    HealthCheckRequest request;
    const bool is_parsed = ParseRequest(request_, request).ok();
    {
      const MutexLock lock(mutex_);
      is_known_ = is_parsed && service_.Knows(request.service());
    }
    service_.AddWatch(shared_from_this());
  }

  // The caller has gone, or Finish has been sent.
  void OnCallDone() {
    service_.RemoveWatch(this);
    Finish();
  }

  void OnWritten(bool ok) {
    const MutexLock lock(mutex_);
    is_writing_ = false;
    if (is_finished_) return FinishNow();
    if (ok) WriteIfNew();
  }

  void OnFinished(bool) {}

  void WriteIfNew() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (is_writing_ || is_finished_ || written_ == wanted_) return;
    written_ = wanted_;
    is_writing_ = true;
    HealthCheckResponse response;
    response.set_status(wanted_);
    writer_.Write(SerializeResponse(response), Tag(&HealthWatch::OnWritten));
  }

  void FinishNow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    writer_.Finish(ToGrpcStatus(absl::UnavailableError("the server is stopping")),
                   Tag(&HealthWatch::OnFinished));
  }

  HealthService& service_;
  CallQueue& queue_;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  grpc::ServerAsyncWriter<grpc::ByteBuffer> writer_;
  CallDone call_done_;

  Mutex mutex_;
  bool is_known_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_finished_ ABSL_GUARDED_BY(mutex_) = false;
  HealthCheckResponse::ServingStatus wanted_ ABSL_GUARDED_BY(mutex_) = HealthCheckResponse::UNKNOWN;
  std::optional<HealthCheckResponse::ServingStatus> written_ ABSL_GUARDED_BY(mutex_);
};

namespace {

HealthCheckResponse::ServingStatus StatusOf(bool is_serving) {
  return is_serving ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

}  // namespace

HealthService::HealthService() {
  check_.request = [this](auto* context, auto* bytes, auto* responder, auto* queue, void* tag) {
    service_.RequestCheck(context, bytes, responder, queue, queue, tag);
  };
  check_.handle = HandleParsed<HealthCheckRequest>(
      [this](const Call&, const HealthCheckRequest& request, UnaryAnswer answer) {
        if (!Knows(request.service())) {
          // Without the name, which may be longer than clients take in an error.
          return answer.Fail(
              WithReason(absl::NotFoundError("no such service here"), "SERVICE_UNKNOWN"));
        }
        HealthCheckResponse response;
        {
          const MutexLock lock(mutex_);
          response.set_status(StatusOf(is_serving_));
        }
        answer.Send(response);
      });
}

HealthService::~HealthService() = default;

bool HealthService::Knows(const std::string& service) const {
  return service.empty() || service == "sluice.v1.ControlService";
}

void HealthService::Serve(CallQueue& queue) {
  for (int i = 0; i < 4; ++i) ServeUnary(check_, queue);
  std::make_shared<HealthWatch>(*this, queue)->Accept();
}

void HealthService::SetServing(bool is_serving) {
  std::vector<std::shared_ptr<HealthWatch>> watches;
  {
    const MutexLock lock(mutex_);
    is_serving_ = is_serving;
    watches = watches_;
  }
  for (const auto& watch : watches) watch->Show(StatusOf(is_serving));
}

void HealthService::Stop() {
  std::vector<std::shared_ptr<HealthWatch>> watches;
  {
    const MutexLock lock(mutex_);
    is_stopped_ = true;
    watches.swap(watches_);
  }
  for (const auto& watch : watches) watch->Finish();
}

void HealthService::AddWatch(std::shared_ptr<HealthWatch> watch) {
  bool is_stopped = false;
  {
    const MutexLock lock(mutex_);
    watches_.push_back(watch);
    is_stopped = is_stopped_;
    // Under the mutex, so that a change meanwhile is shown after this and not before.
    watch->Show(StatusOf(is_serving_));
  }
  if (is_stopped) watch->Finish();
}

void HealthService::RemoveWatch(const HealthWatch* watch) {
  const MutexLock lock(mutex_);
  const auto found = std::find_if(watches_.begin(), watches_.end(),
                                  [watch](const auto& held) { return held.get() == watch; });
  if (found != watches_.end()) watches_.erase(found);
}

}  // namespace sluice
