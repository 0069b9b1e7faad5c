#include "control/message/envelope.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "tests/support/wire/event_stream_parser.h"

namespace sluice {
namespace {

const EventNumber kNumber = {{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}, 1'700'000'000'000'000};

tests::ReceivedEvent Parsed(const absl::StatusOr<OrderedEvent>& decoded) {
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  tests::EventStreamParser parser;
  if (!decoded.ok()) return {};
  const auto events = parser.Feed(*decoded->bytes);
  EXPECT_EQ(events.size(), 1U);
  return events.empty() ? tests::ReceivedEvent() : events.front();
}

// Through the wire.
absl::StatusOr<OrderedEvent> Carry(const internal::v1::EventMessage& message,
                                   const std::string& behind = "") {
  const auto envelope = DecodeEnvelope(EncodeEnvelope(message) + behind);
  if (!envelope.ok()) return envelope.status();
  EXPECT_TRUE(envelope->has_event());
  return DecodeEvent(envelope->event(), kNumber, IdRule::kAllButEphemeral, absl::Seconds(100));
}

absl::StatusCode CodeOf(const internal::v1::EventMessage& message) {
  return Carry(message).status().code();
}

TEST(Envelope, CarriesAnEventWithItsNumber) {
  internal::v1::EventMessage message;
  message.set_name("tick");
  message.set_data("a\nb");
  message.set_retry_ms(2500);
  const auto decoded = Carry(message);
  const auto event = Parsed(decoded);
  EXPECT_EQ(event.event, "tick");
  EXPECT_EQ(event.data, "a\nb");
  EXPECT_EQ(event.id, kNumber.ToString());
  EXPECT_NE(decoded->bytes->find("retry: 2500\n"), std::string::npos);
  EXPECT_EQ(decoded->filter, nullptr);
}

TEST(Envelope, GivesTheCustomIdBeforeTheNumberAndNoneToAnEphemeralEvent) {
  internal::v1::EventMessage message;
  message.set_ephemeral(true);
  EXPECT_EQ(Parsed(Carry(message)).id, std::nullopt);
  message.set_custom_id("0");
  EXPECT_EQ(Parsed(Carry(message)).id, "0");
  message.set_ephemeral(false);
  EXPECT_EQ(Parsed(Carry(message)).id, "0");
}

TEST(Envelope, CarriesTheRulesOfWaiting) {
  internal::v1::EventMessage message;
  EXPECT_EQ(Carry(message)->rules, nullptr);
  message.set_ttl_ms(1500);
  EXPECT_EQ(Carry(message)->rules->expires, absl::Milliseconds(101'500));
  message.set_ttl_ms(0);
  message.set_conflation_key("price");
  EXPECT_EQ(Carry(message)->rules->conflation_key, "price");
  EXPECT_EQ(Carry(message)->rules->expires, absl::InfiniteDuration());
}

TEST(Envelope, OfANumberAheadOfTheClockIsNew) {
  EXPECT_EQ(AgeOf(kNumber, kNumber.sequence + 2'000'000), absl::Seconds(2));
  EXPECT_EQ(AgeOf(kNumber, kNumber.sequence - 2'000'000), absl::ZeroDuration());
}

// A request that comes again under its request_id is compared by these bytes.
TEST(Envelope, IsTheSameBytesForTheSameMap) {
  std::string first;
  for (int round = 0; round < 50; ++round) {
    internal::v1::EventMessage message;
    for (int i = 0; i < 16; ++i) {
      (*message.mutable_metadata_match())[std::to_string((i + round) % 16)] = "x";
    }
    const std::string bytes = EncodeEnvelope(message);
    if (round == 0) first = bytes;
    EXPECT_EQ(bytes, first);
  }
}

TEST(Envelope, CarriesEveryFilter) {
  const ConnectionId id = ConnectionId::Make(3);
  internal::v1::EventMessage message;
  message.set_group("g");
  message.set_connection_id(id.ToString());
  message.add_except_client_ids("ada");
  message.add_except_client_ids("ada");
  (*message.mutable_metadata_match())["plan"] = "pro";
  const auto decoded = Carry(message);
  ASSERT_TRUE(decoded.ok());
  ASSERT_NE(decoded->filter, nullptr);
  EXPECT_EQ(decoded->filter->group, "g");
  EXPECT_EQ(decoded->filter->connection_id, id);
  EXPECT_EQ(decoded->filter->except_client_ids.size(), 1U);
  EXPECT_EQ(decoded->filter->metadata_match, (MetadataScalars{{"plan", "pro"}}));
}

TEST(Envelope, AddressesNobodyByAConnectionIdThatIsNone) {
  internal::v1::EventMessage message;
  message.set_connection_id("what?");
  const auto decoded = Carry(message);
  ASSERT_TRUE(decoded.ok());
  ASSERT_NE(decoded->filter, nullptr);
  EXPECT_EQ(decoded->filter->connection_id, ConnectionId());
}

TEST(Envelope, OfAKindOfLaterVersionsIsOfNone) {
  internal::v1::Envelope envelope;
  envelope.set_version(9);
  // Field 15, which this version does not know.
  for (const std::string& bytes :
       {envelope.SerializeAsString(), std::string(), std::string("\x7A\x03new")}) {
    const auto decoded = DecodeEnvelope(bytes);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded->kind_case(), internal::v1::Envelope::KIND_NOT_SET);
  }
}

TEST(Envelope, AsksForAnAckWhenThatIsAppended) {
  internal::v1::EventMessage message;
  message.set_data("x");
  std::string payload = EncodeEnvelope(message);
  EXPECT_EQ(DecodeEnvelope(payload)->ack_to(), "");
  AppendAckTo(payload, "r1");
  const auto envelope = DecodeEnvelope(payload);
  EXPECT_EQ(envelope->ack_to(), "r1");
  EXPECT_EQ(envelope->event().data(), "x");
}

TEST(Envelope, CarriesARecordWithItsVersion) {
  Record record;
  record.version = 7;
  (*record.metadata.mutable_fields())["plan"].set_string_value("pro");
  const auto envelope = DecodeEnvelope(EncodeRecordChange(record, {}, "r1"));
  ASSERT_TRUE(envelope.ok() && envelope->has_record());
  EXPECT_EQ(envelope->ack_to(), "r1");
  EXPECT_EQ(envelope->record().version(), 7);
  EXPECT_EQ(envelope->record().metadata().fields().at("plan").string_value(), "pro");
}

TEST(Envelope, IgnoresFieldsOfLaterVersions) {
  internal::v1::EventMessage message;
  message.set_data("x");
  EXPECT_EQ(Parsed(Carry(message, "\x7A\x03new")).data, "x");
}

TEST(Envelope, OfGarbageIsInvalid) {
  for (const std::string& bytes :
       {std::string("\xFF\xFF\xFF"), std::string("garbage"), std::string("\x1A\x7F", 2),
        std::string("\x1A\x04\x12\x02\xFF\xFE", 6)}) {
    EXPECT_EQ(DecodeEnvelope(bytes).status().code(), absl::StatusCode::kInvalidArgument)
        << testing::PrintToString(bytes);
  }
}

TEST(Envelope, OfAnEventThatBreaksTheRulesIsInvalid) {
  internal::v1::EventMessage name;
  name.set_name("a\n\ndata: evil");
  EXPECT_EQ(CodeOf(name), absl::StatusCode::kInvalidArgument);
  name.set_name("sluice.end");
  EXPECT_EQ(CodeOf(name), absl::StatusCode::kInvalidArgument);
  internal::v1::EventMessage id;
  id.set_custom_id(std::string("a\0b", 3));
  EXPECT_EQ(CodeOf(id), absl::StatusCode::kInvalidArgument);
  id.set_custom_id("abcdefgh-9999999999999999");
  EXPECT_EQ(CodeOf(id), absl::StatusCode::kInvalidArgument);
  internal::v1::EventMessage data;
  data.set_data(std::string(65'001, 'x'));
  EXPECT_EQ(CodeOf(data), absl::StatusCode::kInvalidArgument);
}

// A stranger on the backplane could have kept every browser away for good.
TEST(Envelope, OfAReconnectionTimeOutOfBoundsIsInvalid) {
  internal::v1::EventMessage message;
  for (const std::int64_t retry_ms :
       {std::int64_t{-1}, std::int64_t{99}, std::int64_t{3'600'001},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    message.set_retry_ms(retry_ms);
    EXPECT_EQ(CodeOf(message), absl::StatusCode::kInvalidArgument) << retry_ms;
  }
}

}  // namespace
}  // namespace sluice
