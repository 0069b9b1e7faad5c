#include "control/backplane/redis/link/redis_url.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(RedisUrl, HasHostPortUserPasswordAndDatabase) {
  const auto url = ParseRedisUrl("redis://ann:s%40c:ret@redis.example:7000/3");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->host, "redis.example");
  EXPECT_EQ(url->port, 7000);
  EXPECT_EQ(url->user, "ann");
  EXPECT_EQ(url->password, "s@c:ret");
  EXPECT_EQ(url->database, 3);
  EXPECT_EQ(url->Address(), "redis.example:7000");
}

TEST(RedisUrl, NeedsNoMoreThanAHost) {
  const auto url = ParseRedisUrl("redis://localhost");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->port, 6379);
  EXPECT_EQ(url->user, "");
  EXPECT_EQ(url->password, "");
  EXPECT_EQ(url->database, 0);
  EXPECT_EQ(ParseRedisUrl("redis://localhost/")->database, 0);
  EXPECT_EQ(ParseRedisUrl("redis://:pw@localhost")->password, "pw");
  EXPECT_EQ(ParseRedisUrl("redis://[::1]:6380")->host, "::1");
  EXPECT_EQ(ParseRedisUrl("redis://[::1]:6380")->Address(), "[::1]:6380");
}

TEST(RedisUrl, RefusesWhatItIsNotAndShowsTheRightFormWithoutThePassword) {
  for (const char* wrong :
       {"", "localhost:6379", "http://u:hunter2@h", "redis://", "redis://u:hunter2@h:0",
        "redis://u:hunter2@h:99999", "redis://u:hunter2@h/x", "redis://u:hunter2@h/-1",
        "redis://u:hunter2@h/99999999999", "redis://hunter2@h", "redis://u:hunter2@h?x=1",
        "redis://u:hunter2@h#f", "redis://u:hunt er2@h", "redis://u:hunter2@"}) {
    const auto url = ParseRedisUrl(wrong);
    ASSERT_FALSE(url.ok()) << wrong;
    const std::string message(url.status().message());
    EXPECT_NE(message.find("expected redis://[[USER]:PASSWORD@]HOST"), std::string::npos)
        << message;
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
  }
}

TEST(RedisUrl, IsPrintedWithoutItsPassword) {
  EXPECT_EQ(MaskRedisUrl("redis://ann:hunter2@h:1/2"), "redis://ann:***@h:1/2");
  EXPECT_EQ(MaskRedisUrl("redis://:hunter2@h"), "redis://:***@h");
  EXPECT_EQ(MaskRedisUrl("redis://h:1"), "redis://h:1");
  EXPECT_EQ(MaskRedisUrl("hunt er2"), "***");
}

}  // namespace
}  // namespace sluice
