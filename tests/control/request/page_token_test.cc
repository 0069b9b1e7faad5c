#include "control/request/page_token.h"

#include <absl/strings/escaping.h>
#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(PageToken, GivesTheLastIdBack) {
  for (const std::string& id : {std::string("ada"), std::string("\xC3\xA9/+?"),
                                std::string(256, 'a'), std::string("__proto__")}) {
    const auto decoded = DecodePageToken(EncodePageToken(id, 42), 42);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, id);
  }
}

TEST(PageToken, IsSafeInAUrl) {
  const std::string token = EncodePageToken("\xF0\x9F\x98\x80\xEF\xBF\xBD~~", ~std::uint64_t{0});
  EXPECT_EQ(token.find_first_of("+/= &?#%"), std::string::npos) << token;
}

TEST(PageToken, OfAnotherFilterIsRefusedAndSaysSo) {
  const auto decoded = DecodePageToken(EncodePageToken("ada", 1), 2);
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(decoded.status().message().find("another filter"), std::string::npos);
}

TEST(PageToken, OfGarbageIsRefused) {
  for (const std::string& token :
       {std::string("x"), std::string("!!!"), std::string("ada"), std::string(1000, 'A'),
        std::string("\0", 1), absl::WebSafeBase64Escape("2000000000000002aada"),
        absl::WebSafeBase64Escape("1000000000000002a"),
        absl::WebSafeBase64Escape("1000000000000002aa b"),
        absl::WebSafeBase64Escape("1000000000000002a\xFF")}) {
    EXPECT_EQ(DecodePageToken(token, 42).status().code(), absl::StatusCode::kInvalidArgument)
        << testing::PrintToString(token);
  }
  EXPECT_TRUE(DecodePageToken(absl::WebSafeBase64Escape("1000000000000002aada"), 42).ok());
}

// The vectors of the FNV reference code: replicas of every version must agree.
TEST(StableHash, IsFnv1a) {
  EXPECT_EQ(StableHash(""), 0xcbf29ce484222325U);
  EXPECT_EQ(StableHash("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(StableHash("foobar"), 0x85944171f73967e8U);
}

}  // namespace
}  // namespace sluice
