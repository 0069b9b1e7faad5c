#include "edge/names/connection_id.h"

#include <gtest/gtest.h>

#include <set>

#include "edge/names/random_id.h"

namespace sluice {
namespace {

TEST(ConnectionId, ReadsBackWhatItWritesAndKnowsItsShard) {
  for (const int shard : {0, 1, 127, 128, 255}) {
    const ConnectionId id = ConnectionId::Make(shard);
    const auto parsed = ConnectionId::Parse(id.ToString());
    ASSERT_TRUE(parsed.has_value()) << id.ToString();
    EXPECT_EQ(*parsed, id);
    EXPECT_EQ(parsed->shard_index(), shard);
  }
}

TEST(ConnectionId, Is13CharactersOfTheAlphabet) {
  const std::string text = ConnectionId::Make(255).ToString();
  EXPECT_EQ(text.size(), 13U);
  EXPECT_EQ(text.find_first_not_of(kBase32Alphabet), std::string::npos);
}

TEST(ConnectionId, RefusesWhatToStringNeverReturns) {
  for (const char* text : {"", "aaaaaaaaaaaa", "aaaaaaaaaaaaaa", "Aaaaaaaaaaaaa", "aaaaaaaaaaaa1",
                           "aaaaaaaaaaaa ", "aaaaaa-aaaaaa"}) {
    EXPECT_FALSE(ConnectionId::Parse(text).has_value()) << text;
  }
  // The first character has 4 of 64 bits; with a fifth two texts would name one connection.
  EXPECT_TRUE(ConnectionId::Parse("paaaaaaaaaaaa").has_value());
  EXPECT_FALSE(ConnectionId::Parse("qaaaaaaaaaaaa").has_value());
}

TEST(ConnectionId, IsAnotherOneEachTime) {
  std::set<ConnectionId> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(ConnectionId::Make(3));
  EXPECT_EQ(ids.size(), 1000U);
}

TEST(RandomId, HasTheLengthAskedFor) {
  for (const int length : {0, 1, 8, 12, 13, 40}) {
    const std::string id = RandomId(length);
    EXPECT_EQ(id.size(), static_cast<std::size_t>(length));
    EXPECT_EQ(id.find_first_not_of(kBase32Alphabet), std::string::npos);
  }
  EXPECT_NE(RandomId(40), RandomId(40));
}

}  // namespace
}  // namespace sluice
