#include "control/request/parse_request.h"

#include <gtest/gtest.h>
#include <sluice/v1/control_service.pb.h>

#include <set>
#include <string>

#include "tests/support/request/violated_fields.h"

namespace sluice {
namespace {

using Fields = std::set<std::string>;

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

// A length-delimited field.
std::string Field(int number, const std::string& value) {
  std::string bytes(1, static_cast<char>((number << 3) | 2));
  bytes.push_back(static_cast<char>(value.size()));
  return bytes + value;
}

template <typename Request>
absl::Status Parse(const std::string& bytes) {
  grpc::ByteBuffer buffer = BufferOf(bytes);
  Request request;
  return ParseRequest(buffer, request);
}

TEST(ParseRequest, ReadsWhatSerializeWrites) {
  v1::SendToClientRequest request;
  request.set_client_id("ada");
  request.mutable_event()->set_data(std::string(100'000, 'x'));
  grpc::ByteBuffer buffer = SerializeResponse(request);
  v1::SendToClientRequest parsed;
  ASSERT_TRUE(ParseRequest(buffer, parsed).ok());
  EXPECT_EQ(parsed.SerializeAsString(), request.SerializeAsString());
}

TEST(ParseRequest, TakesAnEmptyMessage) {
  EXPECT_TRUE(Parse<v1::SendToClientRequest>("").ok());
}

TEST(ParseRequest, NamesStringsThatAreNoUtf8ByTheirPath) {
  EXPECT_EQ(tests::ViolatedFields(Parse<v1::SendToClientRequest>(Field(1, "\xFF"))),
            Fields{"client_id"});
  EXPECT_EQ(tests::ViolatedFields(Parse<v1::SendToClientRequest>(Field(2, Field(2, "\xC0\x80")))),
            Fields{"event.data"});
  const std::string several = Field(1, "ok") +
                              Field(2, Field(1, "\xED\xA0\x80") + Field(3, "\x80")) +
                              Field(5, Field(6, "ok") + Field(6, "\xFF"));
  EXPECT_EQ(tests::ViolatedFields(Parse<v1::SendToClientRequest>(several)),
            (Fields{"event.event", "event.id", "options.except_client_ids"}));
}

TEST(ParseRequest, NamesStringsInMapsAndStructs) {
  EXPECT_EQ(tests::ViolatedFields(
                Parse<v1::ListClientsRequest>(Field(5, Field(1, "k") + Field(2, "\xFF")))),
            Fields{"metadata_match.value"});
  const std::string entry = Field(1, Field(1, "key") + Field(2, Field(3, "\xFF")));
  EXPECT_EQ(tests::ViolatedFields(Parse<v1::SetClientMetadataRequest>(Field(2, entry))),
            Fields{"metadata.fields.value.string_value"});
}

TEST(ParseRequest, RefusesBytesThatAreNoMessage) {
  for (const std::string& bytes : {std::string("\xFF"), std::string("\x0A\x7F"),
                                   std::string("\x0A"), std::string("\x07\x01")}) {
    const absl::Status status = Parse<v1::SendToClientRequest>(bytes);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << testing::PrintToString(bytes);
    EXPECT_TRUE(tests::ViolatedFields(status).empty());
  }
}

TEST(ParseRequest, SurvivesMessagesNestedWithoutEnd) {
  // A list in a list in a list: Value.list_value = 6, ListValue.values = 1.
  std::string nested = Field(3, "\xFF");
  for (int i = 0; i < 28; ++i) nested = Field(6, Field(1, nested));
  const std::string entry = Field(1, Field(1, "k") + Field(2, nested));
  EXPECT_EQ(Parse<v1::SetClientMetadataRequest>(Field(2, entry)).code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sluice
