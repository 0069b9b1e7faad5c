#include "control/backplane/redis/link/redis_url.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(RedisUrl, HasHostPortUserPasswordAndDatabase) {
  const auto url = ParseRedisUrl("redis://ann:s%40c:ret@redis.example:7000/3");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->addresses[0].host, "redis.example");
  EXPECT_EQ(url->addresses[0].port, 7000);
  EXPECT_EQ(url->user, "ann");
  EXPECT_EQ(url->password, "s@c:ret");
  EXPECT_EQ(url->database, 3);
  EXPECT_EQ(url->Hosts(), "redis.example:7000");
}

TEST(RedisUrl, NeedsNoMoreThanAHost) {
  const auto url = ParseRedisUrl("redis://localhost");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->addresses[0].port, 6379);
  EXPECT_EQ(url->user, "");
  EXPECT_EQ(url->password, "");
  EXPECT_EQ(url->database, 0);
  EXPECT_EQ(ParseRedisUrl("redis://localhost/")->database, 0);
  EXPECT_EQ(ParseRedisUrl("redis://:pw@localhost")->password, "pw");
  EXPECT_EQ(ParseRedisUrl("redis://[::1]:6380")->addresses[0].host, "::1");
  EXPECT_EQ(ParseRedisUrl("redis://[::1]:6380")->Hosts(), "[::1]:6380");
}

TEST(RedisUrl, OfSentinelsNamesThemAndTheService) {
  const auto url = ParseRedisUrl("redis+sentinel://u:p@one,two:7000,[::1]:7001/main/2");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->kind, RedisUrl::Kind::kSentinel);
  EXPECT_EQ(url->Hosts(), "one:26379,two:7000,[::1]:7001");
  EXPECT_EQ(url->service, "main");
  EXPECT_EQ(url->database, 2);
  EXPECT_EQ(url->user, "u");
  EXPECT_FALSE(url->has_tls);
  for (const char* wrong :
       {"redis+sentinel://one,two", "redis+sentinel://one/", "redis+sentinel:///m",
        "redis+sentinel://one,,two/main", "redis+sentinel://one/main/x"}) {
    const auto refused = ParseRedisUrl(wrong);
    ASSERT_FALSE(refused.ok()) << wrong;
    EXPECT_NE(std::string(refused.status().message()).find("expected redis+sentinel://"),
              std::string::npos)
        << refused.status();
  }
}

TEST(RedisUrl, OfAClusterNamesSomeNodes) {
  const auto url = ParseRedisUrl("rediss+cluster://:pw@one,two:7000");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->kind, RedisUrl::Kind::kCluster);
  EXPECT_TRUE(url->has_tls);
  EXPECT_EQ(url->Hosts(), "one:6379,two:7000");
  EXPECT_EQ(url->password, "pw");
  EXPECT_FALSE(ParseRedisUrl("redis+cluster://one/3").ok());
  EXPECT_FALSE(ParseRedisUrl("redis://one,two").ok());
}

TEST(RedisUrl, WithTlsBeginsWithRediss) {
  EXPECT_TRUE(ParseRedisUrl("rediss://h")->has_tls);
  EXPECT_TRUE(ParseRedisUrl("rediss+sentinel://h/m")->has_tls);
  EXPECT_FALSE(ParseRedisUrl("redis://h")->has_tls);
  EXPECT_FALSE(ParseRedisUrl("redisss://h").ok());
}

TEST(RedisUrl, RefusesWhatItIsNotAndShowsTheRightFormWithoutThePassword) {
  for (const char* wrong :
       {"", "localhost:6379", "http://u:hunter2@h", "redis://", "redis://u:hunter2@h:0",
        "redis://u:hunter2@h:99999", "redis://u:hunter2@h/x", "redis://u:hunter2@h/-1",
        "redis://u:hunter2@h/99999999999", "redis://hunter2@h", "redis://u:hunter2@h?x=1",
        "redis://u:hunter2@h#f", "redis://u:hunt er2@h", "redis://u:hunter2@x@h",
        "redis://u:hunter2@"}) {
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
  EXPECT_EQ(MaskRedisUrl("redis+sentinel://u:hunter2@a:1,b/main"),
            "redis+sentinel://u:***@a:1,b/main");
  EXPECT_EQ(MaskRedisUrl("hunt er2"), "***");
}

}  // namespace
}  // namespace sluice
