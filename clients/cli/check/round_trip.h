// clients/cli/check/round_trip.h
#pragma once

#include <absl/time/time.h>
#include <grpcpp/grpcpp.h>
#include <sluice/v1/control_service.pb.h>

#include <optional>
#include <string>
#include <thread>

#include "clients/cli/exit_code.h"
#include "clients/cli/rpc/server.h"
#include "clients/cli/tail/event_source.h"

namespace sluice::cli {

// What came of a RoundTrip.
struct RoundTripResult {
  ExitCode exit_code = ExitCode::kDone;
  std::string error;    // Visible, one line; empty where the event came.
  int http_status = 0;  // Of the event stream; 0 where no answer came.

  // As far as it got, as the server says.
  std::string client_id;
  std::string connection_id;
  std::string replica_id;
  v1::Delivery delivery;
  absl::Duration elapsed;  // From the call to the event.
};

// Opens an event stream, waits until the server has told by `sluice.open` whose it is, sends an
// event to that connection alone and waits for it on the stream. So it takes the way of every
// event: call, backplane, stream.
// Owner:  the command; the Server must outlive it.
// Thread: Run blocks the caller's thread; the call is made on one of its own.
// Limits: until `deadline`, the resolving of names apart.
class RoundTrip {
 public:
  RoundTrip(Server& server, EventSourceOptions options, absl::Time deadline);

  // May be called once.
  RoundTripResult Run();

 private:
  bool OnEvent(const StreamEvent& event);
  void ReadOpen(const std::string& data);
  void Send();
  bool ReachesNobody() const;
  void Explain(const EventSource::Result& stream);
  void ExplainCall();

  Server& server_;
  const std::string host_;
  const absl::Time deadline_;
  const std::string nonce_;
  EventSource source_;
  RoundTripResult result_;
  std::string end_reason_;  // Of `sluice.end`.
  absl::Time sent_time_;
  std::optional<absl::Time> arrival_time_;

  // Of the sending thread until it has been joined.
  std::thread sender_;
  grpc::ClientContext context_;
  grpc::Status status_;
  v1::SendToClientResponse response_;
};

// 16 random hex digits.
std::string RandomDigits();

}  // namespace sluice::cli
