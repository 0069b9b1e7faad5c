#include "control/backplane/channel.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Channel, NamesEachTargetAndReadsItBack) {
  for (const Target& target :
       {Target{Target::Kind::kAll, ""}, Target{Target::Kind::kClient, "ada"},
        Target{Target::Kind::kGroup, "news"}, Target{Target::Kind::kClient, "group:news"},
        Target{Target::Kind::kGroup, "all"}}) {
    EXPECT_EQ(TargetOf(ChannelOf(target)), target) << ChannelOf(target);
  }
}

TEST(Channel, IsAnotherOneForAClientAndAGroupOfTheSameName) {
  EXPECT_NE(ClientChannel("all"), GroupChannel("all"));
  EXPECT_NE(ClientChannel("all"), kAllChannel);
}

TEST(Channel, CarriesNoEventsUnderOtherNames) {
  for (const char* channel : {"", "al", "all ", "replicas", "replica:r1", "Client:ada", "client"}) {
    EXPECT_FALSE(TargetOf(channel).has_value()) << channel;
  }
}

}  // namespace
}  // namespace sluice
