#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

#include <functional>
#include <utility>

#include "control/caller/call_admission.h"
#include "control/counts/rpc_counts.h"
#include "control/request/parse_request.h"
#include "control/rpc/call_queue.h"

namespace sluice {

class UnaryCall;

// The one answer of a unary call. Movable; an answer that is destroyed unsent sends UNAVAILABLE.
// Thread: any; the thread that has the answer sends it.
class UnaryAnswer {
 public:
  explicit UnaryAnswer(UnaryCall* call) : call_(call) {}
  UnaryAnswer(UnaryAnswer&& other) noexcept : call_(std::exchange(other.call_, nullptr)) {}
  UnaryAnswer& operator=(UnaryAnswer&&) = delete;
  ~UnaryAnswer();

  void Send(const google::protobuf::Message& response);
  void Fail(const absl::Status& status);

 private:
  UnaryCall* call_;  // Null once answered; the call destroys itself.
};

// One RPC of a service, as the calls of it need it.
struct UnaryMethod {
  using Responder = grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>;

  // Asks gRPC for the next call of this method: the generated `Request...` of its raw form.
  std::function<void(grpc::ServerContext*, grpc::ByteBuffer*, Responder*,
                     grpc::ServerCompletionQueue*, void*)>
      request;
  // Gets calls whose caller was admitted.
  std::function<void(const Call& call, grpc::ByteBuffer& bytes, UnaryAnswer answer)> handle;
  Scope scope = Scope::kAdmin;          // What the caller needs.
  const CallerDoor* door = nullptr;     // Null: nobody is asked.
  RpcCounts::Method* counts = nullptr;  // Null: nobody counts.
};

// Waits for a call of `method` on `queue`, and whenever one comes, for the next.
// `method` outlives the queue.
void ServeUnary(const UnaryMethod& method, CallQueue& queue);

// A handler of bytes from one of messages: `handle` gets only requests that parse.
template <typename Request, typename Handler>
auto HandleParsed(Handler handle) {
  return
      [handle = std::move(handle)](const Call& call, grpc::ByteBuffer& bytes, UnaryAnswer answer) {
        Request request;
        const absl::Status status = ParseRequest(bytes, request);
        if (!status.ok()) return answer.Fail(status);
        handle(call, request, std::move(answer));
      };
}

// google.rpc.Status of `status` as gRPC sends it.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace sluice
