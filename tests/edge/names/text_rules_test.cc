#include "edge/names/text_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using std::string_literals::operator""s;

bool IsName(const std::string& name) {
  return CheckName(name).ok();
}

TEST(Utf8, IsAcceptedUpToTheLastCodePointOfEachLength) {
  for (const std::string& text :
       {"\0"s, "\x7f"s, "\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s, "\xEE\x80\x80"s,
        "\xEF\xBF\xBF"s, "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBF"s, "a\xC3\xA9z"s, ""s}) {
    EXPECT_TRUE(IsValidUtf8(text)) << testing::PrintToString(text);
  }
}

TEST(Utf8, IsRefusedWhenOverlong) {
  for (const char* text : {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF",
                           "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF"}) {
    EXPECT_FALSE(IsValidUtf8(text)) << testing::PrintToString(text);
  }
}

TEST(Utf8, IsRefusedForSurrogatesAndBeyondTheLastCodePoint) {
  for (const char* text : {"\xED\xA0\x80", "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
                           "\xF8\x88\x80\x80\x80", "\xFE", "\xFF"}) {
    EXPECT_FALSE(IsValidUtf8(text)) << testing::PrintToString(text);
  }
}

TEST(Utf8, IsRefusedWhenCutOrOutOfPlace) {
  for (const char* text : {"\x80", "\xBF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xE2\x28\xA1",
                           "a\xC3z", "\xF0\x9F\x98\x80\x80"}) {
    EXPECT_FALSE(IsValidUtf8(text)) << testing::PrintToString(text);
  }
}

TEST(ToUtf8, KeepsTextAsItIs) {
  EXPECT_EQ(ToUtf8("a\xC3\xA9z", 256), "a\xC3\xA9z");
  EXPECT_EQ(ToUtf8("", 256), "");
}

TEST(ToUtf8, CutsBetweenCharacters) {
  EXPECT_EQ(ToUtf8("abc", 2), "ab");
  EXPECT_EQ(ToUtf8("a\xC3\xA9z", 2), "a");
  EXPECT_EQ(ToUtf8("a\xC3\xA9z", 3), "a\xC3\xA9");
}

TEST(ToUtf8, ReplacesEachByteThatIsNoText) {
  EXPECT_EQ(ToUtf8("a\xFFz", 256), "a\xEF\xBF\xBDz");
  EXPECT_EQ(ToUtf8("\xE2\x82", 256), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_TRUE(IsValidUtf8(ToUtf8(std::string(300, '\xED'), 256)));
}

TEST(Names, MayHave256BytesAndNoMore) {
  EXPECT_TRUE(IsName(std::string(256, 'a')));
  EXPECT_FALSE(IsName(std::string(257, 'a')));
  // Bytes count, not characters.
  std::string emoji;
  for (int i = 0; i < 64; ++i) emoji += "\xF0\x9F\x98\x80";
  EXPECT_TRUE(IsName(emoji));
  EXPECT_FALSE(IsName(emoji + "a"));
}

TEST(Names, MayBeWordsThatOtherLanguagesReserve) {
  for (const char* name : {"constructor", "__proto__", "toString", "0", "null", "a/b:c?d#e%00",
                           "\"<script>\"", "na\xC3\xAFve", "\xE6\x97\xA5\xE6\x9C\xAC"}) {
    EXPECT_TRUE(IsName(name)) << name;
  }
}

TEST(Names, HoldNoSpacesOfAnyAlphabet) {
  for (const std::string& space :
       {" "s, "\t"s, "\xC2\xA0"s, "\xE1\x9A\x80"s, "\xE2\x80\x80"s, "\xE2\x80\x8A"s,
        "\xE2\x80\xA8"s, "\xE2\x80\xA9"s, "\xE2\x80\xAF"s, "\xE2\x81\x9F"s, "\xE3\x80\x80"s}) {
    EXPECT_FALSE(IsName("a" + space + "b")) << testing::PrintToString(space);
  }
}

TEST(Names, HoldNoControlCharacters) {
  for (int byte = 0; byte <= 0x20; ++byte) {
    EXPECT_FALSE(IsName(std::string("a") + static_cast<char>(byte))) << byte;
  }
  EXPECT_FALSE(IsName("a\x7f"));
  for (int second = 0x80; second <= 0x9F; ++second) {
    EXPECT_FALSE(IsName(std::string("a\xC2") + static_cast<char>(second))) << second;
  }
}

TEST(Names, HoldNothingInvisibleOrReordering) {
  for (const std::string& hidden :
       {"\xC2\xAD"s, "\xD8\x9C"s, "\xE1\xA0\x8E"s, "\xE2\x80\x8B"s, "\xE2\x80\x8D"s,
        "\xE2\x80\x8E"s, "\xE2\x80\x8F"s, "\xE2\x80\xAA"s, "\xE2\x80\xAE"s, "\xE2\x81\xA0"s,
        "\xE2\x81\xA6"s, "\xE2\x81\xA9"s, "\xEF\xBB\xBF"s, "\xEF\xBF\xBE"s, "\xF3\xA0\x80\xA0"s}) {
    EXPECT_FALSE(IsName("a" + hidden + "b")) << testing::PrintToString(hidden);
  }
}

TEST(Names, AreNotEmptyButPrefixesMayBe) {
  EXPECT_FALSE(IsName(""));
  EXPECT_TRUE(CheckNamePrefix("").ok());
  EXPECT_FALSE(CheckNamePrefix("a b").ok());
  EXPECT_FALSE(CheckNamePrefix(std::string(257, 'a')).ok());
}

TEST(Names, AreRefusedWithWhatIsWrongAndWhere) {
  EXPECT_EQ(CheckName("ab c").message(),
            "holds U+0020 at byte 2; expected printable UTF-8 without spaces and control "
            "characters");
  EXPECT_EQ(CheckName("a\xFF").message(), "is not valid UTF-8 at byte 1; expected printable UTF-8");
  EXPECT_EQ(CheckName(std::string(300, 'a')).message(),
            "is 300 bytes long; at most 256 are allowed");
  EXPECT_EQ(CheckName("").code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sluice
