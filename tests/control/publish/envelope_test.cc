#include "control/publish/envelope.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "tests/support/wire/event_stream_parser.h"

namespace sluice {
namespace {

const EventNumber kNumber = {{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}, 1'700'000'000'000'000};

tests::ReceivedEvent Parsed(const absl::StatusOr<DecodedEvent>& decoded) {
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  tests::EventStreamParser parser;
  if (!decoded.ok()) return {};
  const auto events = parser.Feed(*decoded->bytes);
  EXPECT_EQ(events.size(), 1U);
  return events.empty() ? tests::ReceivedEvent() : events.front();
}

absl::StatusCode CodeOf(const internal::v1::EventMessage& message) {
  return DecodeEnvelope(EncodeEnvelope(message), kNumber).status().code();
}

TEST(Envelope, CarriesAnEventWithItsNumber) {
  internal::v1::EventMessage message;
  message.set_name("tick");
  message.set_data("a\nb");
  message.set_retry_ms(2500);
  const auto decoded = DecodeEnvelope(EncodeEnvelope(message), kNumber);
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
  EXPECT_EQ(Parsed(DecodeEnvelope(EncodeEnvelope(message), kNumber)).id, std::nullopt);
  message.set_custom_id("0");
  EXPECT_EQ(Parsed(DecodeEnvelope(EncodeEnvelope(message), kNumber)).id, "0");
  message.set_ephemeral(false);
  EXPECT_EQ(Parsed(DecodeEnvelope(EncodeEnvelope(message), kNumber)).id, "0");
}

TEST(Envelope, CarriesEveryFilter) {
  const ConnectionId id = ConnectionId::Make(3);
  internal::v1::EventMessage message;
  message.set_group("g");
  message.set_connection_id(id.ToString());
  message.add_except_client_ids("ada");
  message.add_except_client_ids("ada");
  const auto decoded = DecodeEnvelope(EncodeEnvelope(message), kNumber);
  ASSERT_TRUE(decoded.ok());
  ASSERT_NE(decoded->filter, nullptr);
  EXPECT_EQ(decoded->filter->group, "g");
  EXPECT_EQ(decoded->filter->connection_id, id);
  EXPECT_EQ(decoded->filter->except_client_ids.size(), 1U);
}

TEST(Envelope, AddressesNobodyByAConnectionIdThatIsNone) {
  internal::v1::EventMessage message;
  message.set_connection_id("what?");
  const auto decoded = DecodeEnvelope(EncodeEnvelope(message), kNumber);
  ASSERT_TRUE(decoded.ok());
  ASSERT_NE(decoded->filter, nullptr);
  EXPECT_EQ(decoded->filter->connection_id, ConnectionId());
}

TEST(Envelope, OfAnUnknownKindIsNotFound) {
  internal::v1::Envelope envelope;
  envelope.set_version(9);
  EXPECT_EQ(DecodeEnvelope(envelope.SerializeAsString(), kNumber).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(DecodeEnvelope("", kNumber).status().code(), absl::StatusCode::kNotFound);
  // Field 15, which this version does not know.
  EXPECT_EQ(DecodeEnvelope("\x7A\x03new", kNumber).status().code(), absl::StatusCode::kNotFound);
}

TEST(Envelope, IgnoresFieldsOfLaterVersions) {
  internal::v1::EventMessage message;
  message.set_data("x");
  EXPECT_EQ(Parsed(DecodeEnvelope(EncodeEnvelope(message) + "\x7A\x03new", kNumber)).data, "x");
}

TEST(Envelope, OfGarbageIsInvalid) {
  for (const std::string& bytes :
       {std::string("\xFF\xFF\xFF"), std::string("garbage"), std::string("\x12\x7F", 2),
        std::string("\x12\x04\x12\x02\xFF\xFE", 6)}) {
    EXPECT_EQ(DecodeEnvelope(bytes, kNumber).status().code(), absl::StatusCode::kInvalidArgument)
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
