#include "edge/door/credential.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/request_head.h"

namespace sluice {
namespace {

using tests::HeadOf;
using Lines = std::vector<std::string>;

StreamToken Find(const std::string& target, const Lines& lines) {
  const RequestHead head = HeadOf(target, lines);
  return FindToken(head, ReadStreamRequest(head).request);
}

TEST(StreamToken, IsTakenFromTheHeaderThenTheQueryThenTheCookie) {
  const std::string header = "Authorization: Bearer h";
  const std::string cookie = "Cookie: token=c";
  EXPECT_EQ(Find("/events?token=q", {header, cookie}).text, "h");
  EXPECT_EQ(Find("/events?token=q", {cookie}).text, "q");
  EXPECT_EQ(Find("/events", {cookie}).text, "c");
  EXPECT_EQ(Find("/events", {}).text, "");
}

TEST(StreamToken, SaysWhenItIsACookie) {
  EXPECT_TRUE(Find("/events", {"Cookie: token=c"}).is_cookie);
  EXPECT_FALSE(Find("/events?token=q", {"Cookie: token=c"}).is_cookie);
}

TEST(StreamToken, OfOtherSchemesIsNone) {
  EXPECT_EQ(Find("/events?token=q", {"Authorization: Basic h"}).text, "q");
  EXPECT_EQ(Find("/events", {"Authorization: Bearer"}).text, "");
  EXPECT_EQ(Find("/events", {"Authorization: bEARER  h "}).text, "h");
}

TEST(StreamToken, IsFoundAmongOtherCookies) {
  EXPECT_EQ(Find("/events", {"Cookie: a=b; token=x.y.z; c"}).text, "x.y.z");
  EXPECT_EQ(Find("/events", {"Cookie: a=b", "Cookie: token=\"x\""}).text, "x");
  EXPECT_EQ(Find("/events", {"Cookie: mytoken=x; Token=y; token"}).text, "");
  EXPECT_EQ(Find("/events", {"Cookie: ;;=;token=a=b"}).text, "a=b");
}

TEST(StreamToken, OfTheQueryMayStandThereOnce) {
  const auto result = ReadStreamRequest(HeadOf("/events?token=geheim&token=other"));
  ASSERT_TRUE(result.error.has_value());
  EXPECT_EQ(result.error->status, 400U);
  EXPECT_EQ(result.error->message.find("geheim"), std::string::npos) << result.error->message;
}

bool May(const Lines& lines, const std::vector<std::string>& origins = {}) {
  return MayUseCookies(HeadOf("/events", lines), CorsPolicy(origins));
}

TEST(Cookies, CountForPagesOfThisOrigin) {
  EXPECT_TRUE(May({"Host: a.example", "Sec-Fetch-Site: same-origin"}));
  EXPECT_TRUE(May({"Host: a.example", "Origin: https://a.example"}));
  EXPECT_TRUE(May({"Host: a.example:8443", "Origin: https://A.example:8443"}));
  EXPECT_TRUE(May({"Host: a.example", "Sec-Fetch-Site: none"})) << "typed into the address bar";
  EXPECT_TRUE(May({"Host: a.example"})) << "no browser";
}

TEST(Cookies, DoNotCountForPagesOfOtherOrigins) {
  EXPECT_FALSE(May({"Host: a.example", "Origin: https://evil.example"}));
  EXPECT_FALSE(May({"Host: a.example", "Origin: https://a.example:444"}));
  EXPECT_FALSE(May({"Host: a.example", "Origin: https://a.example.evil.example"}));
  EXPECT_FALSE(May({"Host: a.example", "Origin: null"}));
  EXPECT_FALSE(May({"Host: a.example", "Origin: https://evil.example", "Sec-Fetch-Site: none"}));
  // An <img> sends no Origin.
  EXPECT_FALSE(May({"Host: a.example", "Sec-Fetch-Site: cross-site"}));
  EXPECT_FALSE(May({"Host: a.example", "Sec-Fetch-Site: same-site"}));
  // The host says the same and the browser knows better: another scheme or another port's page.
  EXPECT_FALSE(May({"Host: a.example", "Origin: http://a.example", "Sec-Fetch-Site: cross-site"}));
}

TEST(Cookies, CountForOriginsThatAreNamedExactly) {
  const std::vector<std::string> named = {"https://app.example"};
  EXPECT_TRUE(May({"Host: a.example", "Origin: https://app.example"}, named));
  EXPECT_TRUE(
      May({"Host: a.example", "Origin: https://app.example", "Sec-Fetch-Site: cross-site"}, named));
  EXPECT_FALSE(May({"Host: a.example", "Origin: https://app.example.evil"}, named));
  EXPECT_FALSE(May({"Host: a.example", "Origin: https://evil.example"}, {"*"}))
      << "any origin goes without credentials";
}

}  // namespace
}  // namespace sluice
