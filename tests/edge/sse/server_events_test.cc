#include "edge/sse/server_events.h"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/wire/event_stream_parser.h"

namespace sluice {
namespace {

namespace json = boost::json;

tests::ReceivedEvent ParseOne(const std::string& bytes) {
  tests::EventStreamParser parser;
  const auto events = parser.Feed(bytes);
  EXPECT_EQ(events.size(), 1U);
  return events.empty() ? tests::ReceivedEvent() : events.front();
}

TEST(OpenEvent, TellsWhoAndWhere) {
  const auto event = ParseOne(EncodeOpen("abcdefgh-0000000000000001", "ada", "c1", "r1", false));
  EXPECT_EQ(event.event, "sluice.open");
  EXPECT_EQ(event.id, "abcdefgh-0000000000000001");
  const json::value expected = {
      {"client_id", "ada"}, {"connection_id", "c1"}, {"replica_id", "r1"}, {"resumed", false}};
  EXPECT_EQ(json::parse(event.data), expected);
}

TEST(OpenEvent, HasNoIdWhenThePositionIsUnknown) {
  EXPECT_EQ(ParseOne(EncodeOpen(std::nullopt, "ada", "c1", "r1", true)).id, std::nullopt);
}

TEST(OpenEvent, SurvivesHostileClientIds) {
  for (const std::string& id :
       {std::string("\"}\n\ndata: evil"), std::string("\\"), std::string("a\r\nid: 1"),
        std::string("\xE2\x80\xA8"), std::string("</script>"), std::string("nul\0", 4),
        std::string("constructor"), std::string("__proto__")}) {
    const auto event = ParseOne(EncodeOpen(std::nullopt, id, "c1", "r1", false));
    EXPECT_EQ(event.event, "sluice.open");
    const json::value parsed = json::parse(event.data);
    EXPECT_EQ(parsed.at("client_id").as_string(), json::string_view(id.data(), id.size()));
    EXPECT_EQ(parsed.as_object().size(), 4U);
  }
}

TEST(GapEvent, CarriesTheIdThatTheStreamGoesOnFrom) {
  const auto event =
      ParseOne(EncodeGap("unknown_id", "what \"ever\"\n", "abcdefgh-2", "abcdefgh-2"));
  EXPECT_EQ(event.event, "sluice.gap");
  EXPECT_EQ(event.id, "abcdefgh-2");
  const json::value expected = {
      {"reason", "unknown_id"}, {"from", "what \"ever\"\n"}, {"to", "abcdefgh-2"}};
  EXPECT_EQ(json::parse(event.data), expected);
}

TEST(EndEvent, TellsTheReasonWithoutAnId) {
  for (const EndReason reason : {EndReason::kDrain, EndReason::kOverloaded, EndReason::kSlow}) {
    const auto event = ParseOne(EncodeEnd(reason));
    EXPECT_EQ(event.event, "sluice.end");
    EXPECT_EQ(event.id, std::nullopt);
    const std::string_view name = EndReasonName(reason);
    EXPECT_EQ(json::parse(event.data).at("reason").as_string(),
              json::string_view(name.data(), name.size()));
  }
}

}  // namespace
}  // namespace sluice
