#include "control/rpc/unary_call.h"

#include <utility>

#include "control/message/trace_context.h"
#include "control/request/error_reason.h"
#include "edge/base/clock.h"

namespace sluice {

// Lives from the request for a call to the end of its answer, and destroys itself.
class UnaryCall : public CompletionTag {
 public:
  UnaryCall(const UnaryMethod& method, CallQueue& queue)
      : method_(method), queue_(queue), responder_(&context_) {}

  void Accept() {
    const bool is_open = queue_.Accept([this](grpc::ServerCompletionQueue* queue) {
      method_.request(&context_, &request_, &responder_, queue, this);
    });
    if (!is_open) delete this;
  }

  void OnCompletion(bool ok) override {
    // Not ok before a call came: the server stops. After: the answer could not be sent.
    if (!ok || has_call_) {
      delete this;
      return;
    }
    has_call_ = true;
    started_ = SystemClock().Uptime();
    ServeUnary(method_, queue_);
    // The answer may be sent, and this object be gone, before `handle` returns.
    grpc::ByteBuffer request;
    request.Swap(&request_);
    UnaryAnswer answer(this);
    auto caller = AdmitCall(method_.door, method_.scope, context_);
    if (!caller.ok()) return answer.Fail(caller.status());
    method_.handle({absl::FromChrono(context_.deadline()), *std::move(caller), TraceIdOf(context_)},
                   request, std::move(answer));
  }

  void Finish(const grpc::ByteBuffer& response) {
    Count(grpc::StatusCode::OK);
    responder_.Finish(response, grpc::Status::OK, this);
  }
  void Fail(const grpc::Status& status) {
    Count(status.error_code());
    responder_.FinishWithError(status, this);
  }

 private:
  void Count(grpc::StatusCode code) {
    if (method_.counts == nullptr) return;
    method_.counts->Count(static_cast<int>(code), SystemClock().Uptime() - started_);
  }

  const UnaryMethod& method_;
  CallQueue& queue_;
  grpc::ServerContext context_;
  grpc::ByteBuffer request_;
  UnaryMethod::Responder responder_;
  bool has_call_ = false;
  absl::Duration started_;  // Uptime.
};

UnaryAnswer::~UnaryAnswer() {
  if (call_ != nullptr) Fail(OutcomeUnknown("the server is stopping"));
}

void UnaryAnswer::Send(const google::protobuf::Message& response) {
  std::exchange(call_, nullptr)->Finish(SerializeResponse(response));
}

void UnaryAnswer::Fail(const absl::Status& status) {
  std::exchange(call_, nullptr)->Fail(ToGrpcStatus(status));
}

void ServeUnary(const UnaryMethod& method, CallQueue& queue) {
  (new UnaryCall(method, queue))->Accept();
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  const google::rpc::Status rpc_status = ToRpcStatus(status);
  return grpc::Status(static_cast<grpc::StatusCode>(rpc_status.code()), rpc_status.message(),
                      rpc_status.SerializeAsString());
}

}  // namespace sluice
