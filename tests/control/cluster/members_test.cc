#include "control/cluster/members.h"

#include <gtest/gtest.h>

#include "tests/support/time/manual_clock.h"

namespace sluice {
namespace {

class MembersTest : public testing::Test {
 protected:
  static Backplane::Member Member(const std::string& id, absl::Duration silence,
                                  bool is_listening) {
    return {id, silence, is_listening, ""};
  }

  std::string Others() const {
    std::string text;
    for (const Members::Member& other : members_.Others()) {
      text += other.told.replica_id + (other.is_answering ? "+ " : "- ");
    }
    return text;
  }

  tests::ManualClock clock_;
  Members members_{"own", clock_};
};

TEST_F(MembersTest, AreTheOthersThatLiveSortedById) {
  members_.Update({Member("b", absl::Seconds(1), true), Member("own", absl::ZeroDuration(), true),
                   Member("a", absl::ZeroDuration(), true)});
  EXPECT_EQ(Others(), "a+ b+ ");
  EXPECT_EQ(members_.silent_count(), 0);
}

TEST_F(MembersTest, DoNotAnswerWhenSilentOrDeaf) {
  members_.Update(
      {Member("deaf", absl::ZeroDuration(), false), Member("silent", absl::Seconds(4), true)});
  EXPECT_EQ(Others(), "deaf- silent- ");
  EXPECT_EQ(members_.silent_count(), 1) << "a deaf one is no receiver";
}

TEST_F(MembersTest, AreGoneWhenTheyNeitherReportNorListen) {
  members_.Update(
      {Member("killed", absl::Seconds(6), false), Member("stopped", absl::Hours(1), true)});
  EXPECT_EQ(Others(), "stopped- ") << "it may still hold streams";
}

TEST_F(MembersTest, GrowSilentWhileTheBackplaneTellsNothing) {
  members_.Update({Member("a", absl::ZeroDuration(), true)});
  clock_.Advance(Members::kSilentAfter);
  EXPECT_EQ(Others(), "a- ");
  members_.OnReported("a");
  EXPECT_EQ(Others(), "a+ ");
}

TEST_F(MembersTest, AreKnownFromTheirFirstReportToTheirGoodbye) {
  members_.OnReported("new");
  members_.OnReported("own");
  EXPECT_EQ(Others(), "new+ ");
  members_.Remove("new");
  EXPECT_EQ(Others(), "");
}

}  // namespace
}  // namespace sluice
