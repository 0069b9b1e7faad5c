#include "edge/door/fetch/http_url.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

std::string Refusal(const std::string& text) {
  const auto url = ParseHttpUrl(text);
  return url.ok() ? "" : std::string(url.status().message());
}

TEST(HttpUrl, HasAllThatACallNeeds) {
  const auto url = ParseHttpUrl("https://id.example/keys?set=1");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_TRUE(url->is_https);
  EXPECT_EQ(url->host, "id.example");
  EXPECT_EQ(url->port, "443");
  EXPECT_EQ(url->target, "/keys?set=1");
  EXPECT_EQ(url->authority, "id.example");
}

TEST(HttpUrl, TakesPortsAndAddresses) {
  const auto named = ParseHttpUrl("http://auth:8080");
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_FALSE(named->is_https);
  EXPECT_EQ(named->port, "8080");
  EXPECT_EQ(named->target, "/");
  EXPECT_EQ(named->authority, "auth:8080");
  const auto address = ParseHttpUrl("http://[::1]:81/a");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(address->authority, "[::1]:81");
  EXPECT_EQ(ParseHttpUrl("http://auth/")->port, "80");
}

TEST(HttpUrl, RefusesWhatCanNotBeFetched) {
  for (const char* text : {"", "auth", "/keys", "ftp://auth/", "http://", "http:///keys",
                           "http://auth/a b", "http://auth/#top"}) {
    EXPECT_NE(Refusal(text), "") << text;
  }
}

TEST(HttpUrl, RefusesPasswordsAndDoesNotRepeatThem) {
  const std::string message = Refusal("https://user:geheim@id.example/keys");
  EXPECT_NE(message, "");
  EXPECT_EQ(message.find("geheim"), std::string::npos) << message;
}

}  // namespace
}  // namespace sluice
