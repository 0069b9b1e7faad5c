// tests/clients/cli/argument_test.cc
#include "clients/cli/input/argument.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "clients/cli/input/json_value.h"
#include "clients/cli/tail/target.h"

namespace sluice::cli {

TEST(Argument, ParsesDurationsWithUnits) {
  EXPECT_EQ(*ParseDuration("500ms"), absl::Milliseconds(500));
  EXPECT_EQ(*ParseDuration("1m30s"), absl::Seconds(90));
  EXPECT_EQ(*ParseDuration("0"), absl::ZeroDuration());
  for (const char* refused : {"", "10", "-1s", "inf", "ten", "10 s"}) {
    EXPECT_FALSE(ParseDuration(refused).ok()) << refused;
  }
}

TEST(Argument, SplitsKeyAndValueAtTheFirstEqualsSign) {
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(*ParseKeyValue("plan=pro"), (Pair{"plan", "pro"}));
  EXPECT_EQ(*ParseKeyValue("a=b=c"), (Pair{"a", "b=c"}));
  EXPECT_EQ(*ParseKeyValue("a="), (Pair{"a", ""}));
  EXPECT_FALSE(ParseKeyValue("plan").ok());
  EXPECT_FALSE(ParseKeyValue("=x").ok());
}

TEST(Argument, ParsesAddresses) {
  EXPECT_EQ(ParseHostPort("localhost:50051")->port, 50051);
  EXPECT_EQ(ParseHostPort("[::1]:1")->host, "::1");
  for (const char* refused :
       {"", "localhost", ":1", "a:", "a:0", "a:65536", "a:+1", "::1:5", "http://a:1"}) {
    EXPECT_FALSE(ParseHostPort(refused).ok()) << refused;
  }
}

TEST(Argument, KnowsLoopbackAddresses) {
  for (const char* host : {"localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
  for (const char* host : {"10.0.0.1", "localhost.example.org", "0.0.0.0", "fe80::1"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

TEST(Argument, ParsesHeadersAndKeepsSecretsOutOfErrors) {
  EXPECT_EQ(ParseHeader("Cookie: a=b; c ")->second, "a=b; c");
  EXPECT_EQ(ParseHeader("X-Empty:")->second, "");
  for (const char* refused : {"secret", ": secret", "A B: secret", "A: secret\r\nB: c"}) {
    const auto header = ParseHeader(refused);
    ASSERT_FALSE(header.ok()) << refused;
    EXPECT_EQ(std::string(header.status().message()).find("secret"), std::string::npos);
  }
}

TEST(JsonValue, TakesWhatIsNoJsonAsText) {
  EXPECT_EQ(ParseJsonOrText("pro")->string_value(), "pro");
  EXPECT_EQ(ParseJsonOrText("\"3\"")->string_value(), "3");
  EXPECT_EQ(ParseJsonOrText("3")->number_value(), 3);
  EXPECT_TRUE(ParseJsonOrText("true")->bool_value());
  EXPECT_TRUE(ParseJsonOrText("null")->has_null_value());
  EXPECT_EQ(ParseJsonOrText("[1,2]")->list_value().values_size(), 2);
  EXPECT_EQ(ParseJsonOrText("{'a':1}")->string_value(), "{'a':1}");
  EXPECT_EQ(ParseJsonOrText("")->string_value(), "");
  EXPECT_FALSE(ParseJsonOrText("\xff").ok());
}

TEST(JsonValue, TakesOnlyAnObjectAsMetadata) {
  EXPECT_EQ(ParseJsonObject(R"({"a":{"b":null}})")->fields().count("a"), 1u);
  EXPECT_FALSE(ParseJsonObject("[1]").ok());
  EXPECT_FALSE(ParseJsonObject("{a:1}").ok());
  EXPECT_FALSE(ParseJsonObject("").ok());
}

TEST(TailTarget, TakesAnHttpUrlApart) {
  const auto target = ParseTailTarget("http://[::1]:8080/a%20b?client_id=x&group=y#part");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->host, "::1");
  EXPECT_EQ(target->port, "8080");
  EXPECT_EQ(target->host_header, "[::1]:8080");
  EXPECT_EQ(target->path_and_query, "/a%20b?client_id=x&group=y");
}

TEST(TailTarget, FillsInPortAndPath) {
  const auto target = ParseTailTarget("HTTP://example.org?x=1");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->port, "80");
  EXPECT_EQ(target->host_header, "example.org");
  EXPECT_EQ(target->path_and_query, "/?x=1");
}

TEST(TailTarget, SaysWhatIsWrongWithOtherUrls) {
  const auto message = [](const char* url) {
    return std::string(ParseTailTarget(url).status().message());
  };
  EXPECT_NE(message("https://a/").find("https"), std::string::npos);
  EXPECT_NE(message("ftp://a/").find("ftp"), std::string::npos);
  EXPECT_NE(message("http://u:p@a/").find("@FILE"), std::string::npos);
  EXPECT_NE(message("127.0.0.1:8080/events").find("is no URL"), std::string::npos);
  EXPECT_NE(message("http:///events").find("is no URL"), std::string::npos);
}

}  // namespace sluice::cli
