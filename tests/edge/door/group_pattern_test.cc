#include "edge/door/group_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(GroupPattern, WithoutAStarFitsItselfAlone) {
  EXPECT_TRUE(FitsPattern("news", "news"));
  EXPECT_FALSE(FitsPattern("news", "new"));
  EXPECT_FALSE(FitsPattern("new", "news"));
  EXPECT_FALSE(FitsPattern("News", "news"));
  EXPECT_FALSE(FitsPattern("news", ""));
}

TEST(GroupPattern, LetsAStarStandForAnyBytes) {
  EXPECT_TRUE(FitsPattern("room-", "room-*"));
  EXPECT_TRUE(FitsPattern("room-1.eu", "room-*"));
  EXPECT_FALSE(FitsPattern("rooms", "room-*"));
  EXPECT_TRUE(FitsPattern("a.chat", "*.chat"));
  EXPECT_FALSE(FitsPattern("a.chats", "*.chat"));
  EXPECT_TRUE(FitsPattern("team.eu.chat", "team.*.chat"));
  EXPECT_TRUE(FitsPattern("abcbc", "a*bc"));
  EXPECT_TRUE(FitsPattern("anything", "*"));
  EXPECT_TRUE(FitsPattern("anything", "**"));
}

TEST(GroupPattern, GivesOtherSignsNoMeaning) {
  EXPECT_TRUE(FitsPattern("a?[b].c", "a?[b].*"));
  EXPECT_FALSE(FitsPattern("axbxc", "a?b.c"));
}

// Patterns of this kind take a matcher that tries every split forever.
TEST(GroupPattern, IsNotSlowedDownByManyStars) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "a*";
  EXPECT_FALSE(FitsPattern(std::string(256, 'a'), pattern + "b"));
}

}  // namespace
}  // namespace sluice
