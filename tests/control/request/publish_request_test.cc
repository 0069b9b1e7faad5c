#include "control/request/publish_request.h"

#include <gtest/gtest.h>
#include <sluice/internal/v1/envelope.pb.h>

#include <set>
#include <string>

#include "edge/names/connection_id.h"
#include "tests/support/request/violated_fields.h"

namespace sluice {
namespace {

using Fields = std::set<std::string>;

template <typename Request>
Fields FieldsOf(const Request& request) {
  return tests::ViolatedFields(ReadRequest(request).status());
}

internal::v1::EventMessage MessageOf(const absl::StatusOr<PublishCommand>& command) {
  EXPECT_TRUE(command.ok()) << command.status();
  internal::v1::Envelope envelope;
  if (command.ok()) {
    EXPECT_TRUE(envelope.ParseFromString(command->payload));
  }
  return envelope.event();
}

v1::SendToClientRequest ToAda() {
  v1::SendToClientRequest request;
  request.set_client_id("ada");
  request.mutable_event()->set_data("x");
  return request;
}

v1::PublishRequest PublishToGroup() {
  v1::PublishRequest request;
  request.set_group("g");
  request.mutable_event()->set_data("x");
  return request;
}

TEST(SendToClientRequest, BecomesACommandWithEverythingInIt) {
  v1::SendToClientRequest request = ToAda();
  request.mutable_event()->set_event("tick");
  request.mutable_event()->set_id("order-7");
  request.mutable_event()->mutable_retry()->set_seconds(2);
  request.mutable_event()->mutable_retry()->set_nanos(500'999'999);
  request.set_group("g");
  request.mutable_options()->add_except_client_ids("bob");
  (*request.mutable_options()->mutable_metadata_match())["plan"] = "pro";
  request.mutable_options()->mutable_ttl()->set_seconds(3);
  request.mutable_options()->set_conflation_key("price");
  const auto command = ReadRequest(request);
  const auto message = MessageOf(command);
  EXPECT_EQ(command->target, (Target{Target::Kind::kClient, "ada"}));
  EXPECT_EQ(command->custom_id, "order-7");
  EXPECT_TRUE(command->is_confirmed);
  EXPECT_EQ(message.name(), "tick");
  EXPECT_EQ(message.data(), "x");
  EXPECT_EQ(message.custom_id(), "order-7");
  EXPECT_EQ(message.retry_ms(), 2500);
  EXPECT_EQ(message.group(), "g");
  EXPECT_EQ(message.except_client_ids(0), "bob");
  EXPECT_EQ(message.metadata_match().at("plan"), "pro");
  EXPECT_EQ(message.ttl_ms(), 3000);
  EXPECT_EQ(message.conflation_key(), "price");
  EXPECT_FALSE(message.ephemeral());
}

TEST(SendToClientRequest, ToOneConnectionIsEphemeral) {
  v1::SendToClientRequest request = ToAda();
  const std::string id = ConnectionId::Make(1).ToString();
  request.set_connection_id(id);
  const auto message = MessageOf(ReadRequest(request));
  EXPECT_EQ(message.connection_id(), id);
  EXPECT_TRUE(message.ephemeral());
}

TEST(SendToClientRequest, IsToldEverythingThatIsWrongAtOnce) {
  v1::SendToClientRequest request;
  request.set_client_id("a b");
  request.mutable_event()->set_event("sluice.evil");
  request.mutable_event()->set_data(std::string(65'001, 'x'));
  request.mutable_event()->set_id("abcdefgh-1234567890123456");
  request.mutable_event()->mutable_retry()->set_seconds(7200);
  request.set_group("g g");
  request.set_connection_id("none");
  request.mutable_options()->set_confirmation(static_cast<v1::Confirmation>(99));
  request.mutable_options()->add_except_client_ids("fine");
  request.mutable_options()->add_except_client_ids("");
  EXPECT_EQ(FieldsOf(request),
            (Fields{"client_id", "event.event", "event.data", "event.id", "event.retry", "group",
                    "connection_id", "options.confirmation", "options.except_client_ids[1]"}));
  EXPECT_EQ(ReadRequest(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(PublishRequests, NeedATargetAndAnEvent) {
  EXPECT_EQ(FieldsOf(v1::SendToClientRequest()), (Fields{"client_id", "event"}));
  EXPECT_EQ(FieldsOf(v1::SendToGroupRequest()), (Fields{"group", "event"}));
  EXPECT_EQ(FieldsOf(v1::BroadcastRequest()), Fields{"event"});
  EXPECT_EQ(FieldsOf(v1::PublishRequest()), (Fields{"target", "event"}));
}

TEST(PublishRequests, TakeAnEventWithoutDataAndName) {
  v1::BroadcastRequest request;
  request.mutable_event();
  const auto command = ReadRequest(request);
  ASSERT_TRUE(command.ok());
  EXPECT_EQ(command->target.kind, Target::Kind::kAll);
}

// Checks that each of these, as seconds and nanoseconds, is refused in the field of the request,
// and that `nanos_min` alone is not.
void ExpectRefused(const v1::SendToClientRequest& request, google::protobuf::Duration& field,
                   const std::string& name,
                   const std::vector<std::pair<std::int64_t, int>>& refused, int nanos_min) {
  for (const auto& [seconds, nanos] : refused) {
    field.set_seconds(seconds);
    field.set_nanos(nanos);
    EXPECT_EQ(FieldsOf(request), Fields{name}) << seconds << "s " << nanos << "ns";
  }
  field.set_seconds(0);
  field.set_nanos(nanos_min);
  EXPECT_TRUE(FieldsOf(request).empty());
}

TEST(PublishRequests, RefuseDurationsThatAreNone) {
  v1::SendToClientRequest request = ToAda();
  ExpectRefused(request, *request.mutable_event()->mutable_retry(), "event.retry",
                {{1, -1},
                 {1, 1'000'000'000},
                 {0, 0},
                 {-1, 0},
                 {0, 99'999'999},
                 {3600, 1},
                 {std::numeric_limits<std::int64_t>::max(), 0}},
                100'000'000);
}

TEST(PublishRequests, BoundTheFilterAndTheKey) {
  v1::SendToClientRequest request = ToAda();
  for (int i = 0; i < 16; ++i) {
    (*request.mutable_options()->mutable_metadata_match())[std::to_string(i)] = "x";
  }
  request.mutable_options()->set_conflation_key(std::string(256, 'k'));
  EXPECT_TRUE(ReadRequest(request).ok());
  (*request.mutable_options()->mutable_metadata_match())["one too many"] = "x";
  request.mutable_options()->set_conflation_key(std::string(257, 'k'));
  EXPECT_EQ(FieldsOf(request), (Fields{"options.conflation_key", "options.metadata_match"}));
}

TEST(PublishRequests, RefuseATimeToLiveThatIsNone) {
  v1::SendToClientRequest request = ToAda();
  ExpectRefused(request, *request.mutable_options()->mutable_ttl(), "options.ttl",
                {{0, 0},
                 {0, 999'999},
                 {-1, 0},
                 {365 * 24 * 3600, 1},
                 {std::numeric_limits<std::int64_t>::max(), 0}},
                1'000'000);
}

TEST(PublishRequests, TakeUpTo1000ExceptedClients) {
  v1::SendToClientRequest request = ToAda();
  for (int i = 0; i < 1000; ++i) request.mutable_options()->add_except_client_ids("c");
  EXPECT_TRUE(FieldsOf(request).empty());
  request.mutable_options()->add_except_client_ids("c");
  EXPECT_EQ(FieldsOf(request), Fields{"options.except_client_ids"});
}

TEST(PublishRequests, ConfirmAsAsked) {
  v1::SendToClientRequest unary = ToAda();
  v1::PublishRequest entry = PublishToGroup();
  EXPECT_TRUE(ReadRequest(unary)->is_confirmed);
  EXPECT_FALSE(ReadRequest(entry)->is_confirmed) << "PUBLISHED is the stream's default";
  unary.mutable_options()->set_confirmation(v1::CONFIRMATION_PUBLISHED);
  entry.mutable_options()->set_confirmation(v1::CONFIRMATION_QUEUED);
  EXPECT_FALSE(ReadRequest(unary)->is_confirmed);
  EXPECT_TRUE(ReadRequest(entry)->is_confirmed);
}

TEST(PublishRequests, ClaimTheirRequestIdForWhatTheyAskFor) {
  v1::SendToClientRequest unary = ToAda();
  EXPECT_FALSE(ReadRequest(unary)->claim.has_value());
  unary.set_request_id("r-1");
  const auto claim = *ReadRequest(unary)->claim;
  EXPECT_EQ(ReadRequest(unary)->claim->fingerprint, claim.fingerprint);

  v1::PublishRequest entry;
  entry.set_client_id("ada");
  *entry.mutable_event() = unary.event();
  entry.set_request_id("r-1");
  EXPECT_EQ(ReadRequest(entry)->claim->key, claim.key) << "the fast path shares with the unary RPC";
  EXPECT_NE(ReadRequest(entry)->claim->fingerprint, claim.fingerprint) << "it confirms less";
  entry.mutable_options()->set_confirmation(v1::CONFIRMATION_QUEUED);
  EXPECT_EQ(ReadRequest(entry)->claim->fingerprint, claim.fingerprint);

  unary.mutable_event()->set_data("y");
  EXPECT_NE(ReadRequest(unary)->claim->fingerprint, claim.fingerprint);
  unary.mutable_event()->set_data("x");
  unary.set_client_id("bob");
  EXPECT_NE(ReadRequest(unary)->claim->fingerprint, claim.fingerprint);
  entry.set_group("ada");
  EXPECT_NE(ReadRequest(entry)->claim->key, claim.key);
}

TEST(PublishRequests, RefuseRequestIdsThatBreakTheRules) {
  v1::SendToClientRequest request = ToAda();
  request.set_request_id(std::string(64, 'r'));
  EXPECT_TRUE(FieldsOf(request).empty());
  for (const std::string& wrong : {std::string(65, 'r'), std::string("a b"), std::string("a\n")}) {
    request.set_request_id(wrong);
    EXPECT_EQ(FieldsOf(request), Fields{"request_id"}) << wrong;
  }
}

TEST(PublishRequests, MarkEphemeralEvents) {
  v1::PublishRequest request = PublishToGroup();
  request.mutable_options()->set_ephemeral(true);
  EXPECT_TRUE(MessageOf(ReadRequest(request)).ephemeral());
}

TEST(PublishRequest, HasEachOfItsTargets) {
  v1::PublishRequest request = PublishToGroup();
  EXPECT_EQ(ReadRequest(request)->target, (Target{Target::Kind::kGroup, "g"}));
  request.set_client_id("ada");
  EXPECT_EQ(ReadRequest(request)->target, (Target{Target::Kind::kClient, "ada"}));
  request.set_broadcast(true);
  EXPECT_EQ(ReadRequest(request)->target, (Target{Target::Kind::kAll, ""}));
  request.set_broadcast(false);
  EXPECT_EQ(FieldsOf(request), Fields{"broadcast"});
  request.set_client_id("");
  EXPECT_EQ(FieldsOf(request), Fields{"client_id"});
}

TEST(RequestId, IsOneOfItsCallerAlone) {
  const auto key_of = [](const std::string& caller_id) {
    PublishCommand command;
    command.claim = Backplane::Claim{"client:1", "fingerprint"};
    ScopeClaim(caller_id, command);
    return command.claim->key;
  };
  EXPECT_EQ(key_of(""), "client:1") << "nobody was asked who he is";
  EXPECT_NE(key_of("file:a"), key_of("file:b"));
  EXPECT_NE(key_of("file:a"), "client:1");
  EXPECT_EQ(key_of("file:a"), key_of("file:a"));
  PublishCommand without;
  ScopeClaim("file:a", without);
  EXPECT_FALSE(without.claim.has_value());
}

}  // namespace
}  // namespace sluice
