#include "tests/integration/server_fixture.h"

#include <boost/json.hpp>

#include <cctype>

namespace sluice::tests {

void ServerTest::SetUp() {
  if (ServerProgram().empty()) GTEST_SKIP() << "this build has no server";
}

void ServerTest::TearDown() {
  if (HasFailure() && server_ != nullptr) std::cerr << server_->Log();
}

void ServerTest::StartServer(std::vector<std::string> flags,
                             std::map<std::string, std::string> environment) {
  server_ = std::make_unique<ServerProcess>(std::move(flags), std::move(environment));
  ASSERT_TRUE(server_->IsListening()) << server_->Log();
  control_ = NewControlStub(server_->GrpcAddress());
}

std::shared_ptr<EventStream> ServerTest::Open(const std::string& query,
                                              const std::vector<std::string>& headers) {
  StreamRequest request = GetEvents("/events?" + query, headers);
  request.keep_raw_bytes = true;
  return streams_.Open(server_->http_port(), request);
}

std::shared_ptr<EventStream> ServerTest::OpenAndWait(const std::string& query,
                                                     const std::vector<std::string>& headers) {
  std::shared_ptr<EventStream> stream = Open(query, headers);
  EXPECT_TRUE(stream->WaitForEvent("sluice.open").has_value())
      << "no sluice.open for " << query << "\n"
      << stream->Log().Describe();
  return stream;
}

v1::Delivery ServerTest::SendToClient(const std::string& client_id, const v1::Event& event) {
  v1::SendToClientRequest request;
  request.set_client_id(client_id);
  *request.mutable_event() = event;
  return SendToClient(request);
}

v1::Delivery ServerTest::SendToClient(const v1::SendToClientRequest& request) {
  v1::SendToClientResponse response;
  const grpc::Status status = Call(&Stub::SendToClient, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_code() << " " << status.error_message();
  return response.delivery();
}

v1::Delivery ServerTest::SendToGroup(const std::string& group, const v1::Event& event) {
  v1::SendToGroupRequest request;
  request.set_group(group);
  *request.mutable_event() = event;
  v1::SendToGroupResponse response;
  const grpc::Status status = Call(&Stub::SendToGroup, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_code() << " " << status.error_message();
  return response.delivery();
}

v1::Event MakeEvent(const std::string& data, const std::string& name, const std::string& id) {
  v1::Event event;
  event.set_data(data);
  event.set_event(name);
  event.set_id(id);
  return event;
}

bool IsEventNumber(const std::string& id) {
  const std::size_t dash = id.find('-');
  if (dash != 8 || id.size() < dash + 1 + 16) return false;
  return id.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567") == dash &&
         id.find_first_not_of("0123456789", dash + 1) == std::string::npos;
}

std::string JsonField(const std::string& json, const std::string& key) {
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(json, error);
  if (error || !value.is_object()) return "";
  const boost::json::value* field = value.get_object().if_contains(key);
  if (field == nullptr) return "";
  if (field->is_string()) return std::string(field->get_string());
  return boost::json::serialize(*field);
}

std::string Opened(const EventStream& stream, const std::string& key) {
  const StreamLog log = stream.Log();
  const ReceivedEvent* open = log.Find("sluice.open");
  return open == nullptr ? "" : JsonField(open->data, key);
}

std::vector<ReceivedEvent> SentEvents(const StreamLog& log) {
  std::vector<ReceivedEvent> sent;
  for (const ReceivedEvent& event : log.events) {
    if (event.event.rfind("sluice.", 0) != 0) sent.push_back(event);
  }
  return sent;
}

testing::AssertionResult ReceivesEvents(const EventStream& stream, std::size_t count) {
  const bool came = stream.WaitFor([count](const StreamLog& log) {
    return SentEvents(log).size() >= count || log.state == StreamLog::State::kClosed;
  });
  const StreamLog log = stream.Log();
  if (came && SentEvents(log).size() == count) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "expected " << count << " events, got " << SentEvents(log).size() << "\n"
         << log.Describe();
}

}  // namespace sluice::tests
