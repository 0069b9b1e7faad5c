#include "server/flag_value.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

TEST(ParseDuration, ReadsUnits) {
  EXPECT_EQ(*ParseDuration("15s"), absl::Seconds(15));
  EXPECT_EQ(*ParseDuration("1m30s"), absl::Seconds(90));
  EXPECT_EQ(*ParseDuration("250ms"), absl::Milliseconds(250));
  EXPECT_EQ(*ParseDuration("1.5h"), absl::Minutes(90));
  EXPECT_EQ(*ParseDuration("0"), absl::ZeroDuration());
}

TEST(ParseDuration, RefusesWhatIsNone) {
  for (const char* text : {"", "15", "s", "15 s", "-1s", "inf", "-inf", "1d", "15s x", "nan"}) {
    EXPECT_EQ(ParseDuration(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(ParseSize, ReadsUnits) {
  EXPECT_EQ(*ParseSize("0"), 0U);
  EXPECT_EQ(*ParseSize("65536"), 65536U);
  EXPECT_EQ(*ParseSize("64KiB"), 65536U);
  EXPECT_EQ(*ParseSize("64kib"), 65536U);
  EXPECT_EQ(*ParseSize("1 MiB"), 1048576U);
  EXPECT_EQ(*ParseSize("1.5MiB"), 1572864U);
  EXPECT_EQ(*ParseSize("2GB"), 2'000'000'000U);
  EXPECT_EQ(*ParseSize("1kB"), 1000U);
  EXPECT_EQ(*ParseSize("17B"), 17U);
}

TEST(ParseSize, RefusesWhatIsNone) {
  for (const char* text : {"", "KiB", "-1", "1e5", "0x10", "1.2.3", "1TiBx", "5 apples", "nan",
                           "inf", "9999999999999999999", "9000000000GiB", "25%"}) {
    EXPECT_EQ(ParseSize(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(ParseSizeOrShare, ReadsShares) {
  EXPECT_EQ(*ParseSizeOrShare("25%", 1000), 250U);
  EXPECT_EQ(*ParseSizeOrShare("100%", 1000), 1000U);
  EXPECT_EQ(*ParseSizeOrShare("0.5%", 1000), 5U);
  EXPECT_EQ(*ParseSizeOrShare("1KiB", 1000), 1024U);
}

TEST(ParseSizeOrShare, RefusesWhatIsNone) {
  for (const char* text : {"", "%", "0%", "-5%", "101%", "x%", "inf%"}) {
    EXPECT_EQ(ParseSizeOrShare(text, 1000).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

// No comparison with it holds, so it came through, and its conversion to bytes is undefined.
TEST(ParseSizeOrShare, RefusesAShareThatIsNoNumber) {
  EXPECT_EQ(ParseSizeOrShare("nan%", 1000).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(NearestName, FindsTheOneThatWasMeant) {
  const std::vector<std::string> known = {"http", "grpc", "admin", "heartbeat", "heartbeat-event"};
  EXPECT_EQ(NearestName("htp", known), "http");
  EXPECT_EQ(NearestName("heartbeet", known), "heartbeat");
  EXPECT_EQ(NearestName("heartbeat_event", known), "heartbeat-event");
  EXPECT_EQ(NearestName("http", known), "http");
}

TEST(NearestName, FindsNoneWhenNoneIsNear) {
  const std::vector<std::string> known = {"http", "grpc"};
  EXPECT_EQ(NearestName("replica-identifier", known), "");
  EXPECT_EQ(NearestName("http", {}), "");
}

TEST(Machine, HasMemoryAndFiles) {
  EXPECT_GT(MemoryLimit(), std::size_t{1} << 20);
  EXPECT_GT(RaiseFileLimit(), 16U);
}

}  // namespace
}  // namespace sluice
