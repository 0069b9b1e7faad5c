// clients/cli/check/round_trip.cc
#include "clients/cli/check/round_trip.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/time/clock.h>
#include <boost/json/parse.hpp>
#include <openssl/rand.h>

#include <random>
#include <utility>

#include "clients/cli/rpc/failure.h"
#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

constexpr char kEventName[] = "sluicectl-check";

// The text that the JSON object has under the key; empty where it has none.
std::string TextIn(const std::string& text, const char* key) {
  boost::system::error_code not_json;
  const boost::json::value json = boost::json::parse(text, not_json);
  if (not_json || !json.is_object()) return "";
  const boost::json::value* value = json.get_object().if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

EventSourceOptions Until(absl::Time deadline, EventSourceOptions options) {
  options.reconnects = false;
  options.open_until = deadline;
  options.timeout = deadline - absl::Now();
  return options;
}

}  // namespace

std::string RandomDigits() {
  unsigned char bytes[8];
  if (RAND_bytes(bytes, sizeof bytes) == 1) {
    return absl::BytesToHexString({reinterpret_cast<const char*>(bytes), sizeof bytes});
  }
  // No secret depends on it.
  std::random_device device;
  return absl::StrCat(absl::Hex(device(), absl::kZeroPad8), absl::Hex(device(), absl::kZeroPad8));
}

RoundTrip::RoundTrip(Server& server, EventSourceOptions options, absl::Time deadline)
    : server_(server),
      host_(options.target.host_header),
      deadline_(deadline),
      nonce_(RandomDigits()),
      source_(
          Until(deadline, std::move(options)),
          [this](const StreamEvent& event) { return OnEvent(event); }, [](const std::string&) {}) {}

RoundTripResult RoundTrip::Run() {
  const EventSource::Result stream = source_.Run();
  result_.http_status = stream.http_status;
  if (sender_.joinable()) {
    // Both have the same deadline, so that a call without an answer by then ends by itself.
    if (!arrival_time_.has_value() && !stream.has_expired) context_.TryCancel();
    sender_.join();
    result_.delivery = response_.delivery();
    if (!status_.ok() && status_.error_code() != grpc::StatusCode::CANCELLED) {
      ExplainCall();
      return std::move(result_);
    }
  }
  if (arrival_time_.has_value()) {
    result_.elapsed = *arrival_time_ - sent_time_;
  } else {
    Explain(stream);
  }
  return std::move(result_);
}

bool RoundTrip::OnEvent(const StreamEvent& event) {
  if (event.event == "sluice.end") {
    end_reason_ = TextIn(event.data, "reason");
    return false;
  }
  if (event.event == "sluice.open" && !sender_.joinable()) {
    ReadOpen(event.data);
    sent_time_ = absl::Now();
    sender_ = std::thread([this] { Send(); });
    return true;
  }
  if (event.event != kEventName || event.data != nonce_) return true;
  arrival_time_ = absl::Now();
  return false;
}

void RoundTrip::ReadOpen(const std::string& data) {
  result_.client_id = TextIn(data, "client_id");
  result_.connection_id = TextIn(data, "connection_id");
  result_.replica_id = TextIn(data, "replica_id");
}

void RoundTrip::Send() {
  v1::SendToClientRequest request;
  request.set_client_id(result_.client_id);
  // Another stream of the same client is not bothered.
  request.set_connection_id(result_.connection_id);
  request.mutable_event()->set_event(kEventName);
  request.mutable_event()->set_data(nonce_);
  request.mutable_options()->set_ephemeral(true);
  request.mutable_options()->set_confirmation(v1::CONFIRMATION_QUEUED);
  server_.Authorize(context_);
  context_.set_deadline(absl::ToChronoTime(deadline_));
  status_ = server_.control().SendToClient(&context_, request, &response_);
  if (!status_.ok() || ReachesNobody()) source_.Stop();
}

bool RoundTrip::ReachesNobody() const {
  const v1::Delivery& delivery = response_.delivery();
  return delivery.has_connections() && delivery.connections() == 0 &&
         delivery.unconfirmed_replicas() == 0;
}

void RoundTrip::ExplainCall() {
  const google::rpc::Status status = WithDetails(status_);
  result_.exit_code = ExitCodeOf(status);
  if (result_.exit_code != ExitCode::kUnreachable) {
    result_.error =
        absl::StrCat(Visible(server_.address()), ": ", absl::StrJoin(Describe(status), "; "));
  } else if (status.code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    result_.error = absl::StrCat("no answer in time from ", Visible(server_.address()));
  } else {
    result_.error =
        absl::StrCat("cannot reach ", Visible(server_.address()), ": ", Visible(status.message()));
  }
}

void RoundTrip::Explain(const EventSource::Result& stream) {
  const bool was_sent = !result_.connection_id.empty();
  result_.exit_code = stream.exit_code == ExitCode::kDone ? ExitCode::kRefused : stream.exit_code;
  if (!end_reason_.empty()) {
    result_.error = absl::StrCat(host_, " ended the stream: ", end_reason_);
  } else if (stream.has_expired && was_sent) {
    result_.error = "the event was sent, but did not come in time";
  } else if (stream.has_expired) {
    result_.error = absl::StrCat(
        "the stream is open, but no sluice.open came in time; does the server reach its Redis?");
  } else if (was_sent && status_.ok() && ReachesNobody()) {
    result_.error = absl::StrCat(server_.address(), " found no such connection; do --server and ",
                                 "--http name the same Sluice?");
  } else {
    result_.error = stream.message;
  }
  result_.error = Visible(result_.error);
}

}  // namespace sluice::cli
