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

  void Update(std::vector<Backplane::Member> members) {
    members_.Update(std::move(members), number_);
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
  EventNumber number_ = {{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}, 1};
};

TEST_F(MembersTest, AreTheOthersThatLiveSortedById) {
  Update({Member("b", absl::Seconds(1), true), Member("own", absl::ZeroDuration(), true),
          Member("a", absl::ZeroDuration(), true)});
  EXPECT_EQ(Others(), "a+ b+ ");
  EXPECT_EQ(members_.silent_count(), 0);
}

TEST_F(MembersTest, DoNotAnswerWhenSilentOrDeaf) {
  Update({Member("deaf", absl::ZeroDuration(), false), Member("silent", absl::Seconds(4), true)});
  EXPECT_EQ(Others(), "deaf- silent- ");
  EXPECT_EQ(members_.silent_count(), 1) << "a deaf one is no receiver";
}

TEST_F(MembersTest, AreGoneWhenTheyNeitherReportNorListen) {
  Update({Member("killed", absl::Seconds(6), false), Member("stopped", absl::Hours(1), true)});
  EXPECT_EQ(Others(), "stopped- ") << "it may still hold streams";
}

TEST_F(MembersTest, GrowSilentWhileTheBackplaneTellsNothing) {
  Update({Member("a", absl::ZeroDuration(), true)});
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

// A start of Redis without data once made answers hide the replicas that had not come back yet.
TEST_F(MembersTest, AreMissedWhenTheBackplaneHasForgottenThem) {
  EXPECT_EQ(members_.UncountedAt(number_), 0) << "nobody is known yet";
  const auto own = Member("own", absl::ZeroDuration(), true);
  Update({own, Member("a", absl::ZeroDuration(), true), Member("b", absl::Seconds(1), false),
          Member("gone", absl::Seconds(6), false)});
  EXPECT_EQ(members_.UncountedAt(number_), 0);
  number_.epoch = {'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z'};
  EXPECT_EQ(members_.UncountedAt(number_), 3) << "itself too";
  Update({own});
  EXPECT_EQ(members_.UncountedAt(number_), 2);
  members_.OnReported("a");
  EXPECT_EQ(members_.UncountedAt(number_), 1);
  members_.Remove("b");
  EXPECT_EQ(members_.UncountedAt(number_), 0);
}

TEST_F(MembersTest, AreMissedForAWhileOnly) {
  const auto own = Member("own", absl::ZeroDuration(), true);
  Update({own, Member("a", absl::ZeroDuration(), true)});
  Update({own});
  EXPECT_EQ(members_.UncountedAt(number_), 1);
  clock_.Advance(Members::kGoneAfter);
  Update({own});
  EXPECT_EQ(members_.UncountedAt(number_), 0);
}

}  // namespace
}  // namespace sluice
