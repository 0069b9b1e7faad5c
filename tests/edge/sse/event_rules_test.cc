#include "edge/sse/event_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(EventName, Has128BytesAtMost) {
  EXPECT_TRUE(CheckEventName("").ok());
  EXPECT_TRUE(CheckEventName(std::string(128, 'a')).ok());
  EXPECT_FALSE(CheckEventName(std::string(129, 'a')).ok());
}

TEST(EventNameAndId, HoldNoByteThatEndsAField) {
  for (const std::string& text :
       {std::string("a\rb"), std::string("a\nb"), std::string("a\0b", 3), std::string("\n")}) {
    EXPECT_EQ(CheckEventName(text).code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(CheckEventId(text).code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(CheckEventId("ab\rc").message(),
            "holds byte 0x0D at 2; CR, LF and NUL would break the event stream");
}

TEST(EventNameAndId, LeaveTheServersPrefixAlone) {
  EXPECT_FALSE(CheckEventName("sluice.open").ok());
  EXPECT_FALSE(CheckEventName("sluice.").ok());
  EXPECT_FALSE(CheckEventId("sluice.1").ok());
  EXPECT_TRUE(CheckEventName("sluice").ok());
  EXPECT_TRUE(CheckEventName("Sluice.open").ok());
  EXPECT_TRUE(CheckEventId("my.sluice.1").ok());
}

TEST(EventId, Has64BytesAtMostAndNotTheFormOfAssignedOnes) {
  EXPECT_TRUE(CheckEventId("").ok());
  EXPECT_TRUE(CheckEventId("0").ok());
  EXPECT_TRUE(CheckEventId(std::string(64, '9')).ok());
  EXPECT_FALSE(CheckEventId(std::string(65, '9')).ok());
  EXPECT_FALSE(CheckEventId("abcdefgh-1234567890123456").ok());
  EXPECT_FALSE(CheckEventId("abcdefgh-99999999999999999999999").ok());
  EXPECT_TRUE(CheckEventId("abcdefgh-123456789012345").ok());
}

TEST(EventData, Has65000BytesAtMost) {
  EXPECT_TRUE(CheckEventData("").ok());
  EXPECT_TRUE(CheckEventData(std::string(65'000, '\n')).ok());
  EXPECT_FALSE(CheckEventData(std::string(65'001, 'a')).ok());
}

TEST(ReconnectionTime, IsBetween100MillisecondsAndAnHour) {
  EXPECT_TRUE(CheckReconnectionTime(absl::Milliseconds(100)).ok());
  EXPECT_TRUE(CheckReconnectionTime(absl::Hours(1)).ok());
  EXPECT_FALSE(CheckReconnectionTime(absl::Milliseconds(100) - absl::Nanoseconds(1)).ok());
  EXPECT_FALSE(CheckReconnectionTime(absl::Hours(1) + absl::Nanoseconds(1)).ok());
  EXPECT_FALSE(CheckReconnectionTime(-absl::Seconds(1)).ok());
  EXPECT_FALSE(CheckReconnectionTime(absl::InfiniteDuration()).ok());
}

}  // namespace
}  // namespace sluice
