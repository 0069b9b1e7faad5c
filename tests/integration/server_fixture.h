#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/control_stub.h"
#include "tests/support/http/event_stream_client.h"
#include "tests/support/http/http_exchange.h"
#include "tests/support/process/server_process.h"

namespace sluice::tests {

// A test against a real server. Skipped in a build that made none. When it fails, its output holds
// the server's log.
class ServerTest : public ::testing::Test {
 protected:
  using Stub = v1::ControlService::Stub;

  void SetUp() override;
  void TearDown() override;

  // Starts the server with these flags besides the fixture's, in place of the one before.
  void StartServer(std::vector<std::string> flags = {},
                   std::map<std::string, std::string> environment = {});

  // Opens GET /events?query, with `headers` ("Name: value") besides the usual ones.
  std::shared_ptr<EventStream> Open(const std::string& query,
                                    const std::vector<std::string>& headers = {});

  // The same, and waits for sluice.open: what is sent from now on reaches it.
  std::shared_ptr<EventStream> OpenAndWait(const std::string& query,
                                           const std::vector<std::string>& headers = {});

  // Sends bytes to the HTTP port; what came until the server closed the connection.
  HttpAnswer Ask(const std::string& bytes) { return Exchange(server_->http_port(), bytes); }

  // An RPC with a deadline: Call(&Stub::GetClient, request, &response).
  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kPatience));
    return (control_.get()->*rpc)(&context, request, response);
  }

  // Calls that must succeed; they report a failure and return an empty answer when not.
  v1::Delivery SendToClient(const std::string& client_id, const v1::Event& event);
  v1::Delivery SendToClient(const v1::SendToClientRequest& request);
  v1::Delivery SendToGroup(const std::string& group, const v1::Event& event);

  ServerProcess& server() { return *server_; }
  EventStreamClient& streams() { return streams_; }
  Stub& control() { return *control_; }

 private:
  std::unique_ptr<ServerProcess> server_;
  EventStreamClient streams_;
  std::unique_ptr<Stub> control_;
};

// A fixture whose server runs without flags.
class DefaultServerTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    if (!IsSkipped()) StartServer();
  }
};

v1::Event MakeEvent(const std::string& data, const std::string& name = "",
                    const std::string& id = "");

// True for EPOCH-SEQ: eight of a-z and 2-7, a dash, 16 or more digits.
bool IsEventNumber(const std::string& id);

// The value of a key of a JSON object: a string's text, the JSON of anything else; empty when the
// text is no object or has no such key.
std::string JsonField(const std::string& json, const std::string& key);

// What sluice.open tells a stream, such as its `connection_id`; empty when it has not come.
std::string Opened(const EventStream& stream, const std::string& key);

// The events that are not the server's own.
std::vector<ReceivedEvent> SentEvents(const StreamLog& log);

// Waits until `count` events that are not the server's own have come.
testing::AssertionResult ReceivesEvents(const EventStream& stream, std::size_t count);

}  // namespace sluice::tests
