#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "edge/log/log.h"
#include "tests/control/resume/simulation/world/world.h"

namespace sluice::tests {
namespace {

// One fault in most seeds, several in some, none in a few.
std::set<Fault> FaultsOf(unsigned seed) {
  const std::vector<Fault> all = {Fault::kReconnects,
                                  Fault::kCutSubscriptions,
                                  Fault::kKillReplicas,
                                  Fault::kRestartWithAll,
                                  Fault::kRestartWithOldData,
                                  Fault::kRestartEmpty,
                                  Fault::kTrim};
  std::set<Fault> faults = {all[seed % all.size()]};
  if (seed % 3 == 0) faults.insert(all[seed / 3 % all.size()]);
  return faults;
}

unsigned FromEnvironment(const char* variable, unsigned otherwise) {
  const char* value = std::getenv(variable);
  return value == nullptr ? otherwise : static_cast<unsigned>(std::stoul(value));
}

class ResumeSimulation : public testing::Test {
 protected:
  ResumeSimulation() { SetLogLevel(spdlog::level::off); }
  ~ResumeSimulation() override { SetLogLevel(spdlog::level::info); }

  static void PlayWithoutAGap(const std::set<Fault>& faults) {
    for (unsigned seed = 1; seed <= 200; ++seed) {
      World world(seed, faults, {});
      const std::vector<std::string> violations = world.Play();
      ASSERT_TRUE(violations.empty()) << "seed " << seed << ": " << violations.front() << "\n"
                                      << world.Story();
      ASSERT_EQ(world.gap_count(), 0) << "seed " << seed;
    }
  }

  // Whether the rule's absence is noticed in one of these seeds.
  static bool IsNoticed(const Broken& broken, const std::set<Fault>& faults, unsigned seeds) {
    for (unsigned seed = 1; seed <= seeds; ++seed) {
      if (!World(seed, faults, broken).Play().empty()) return true;
    }
    return false;
  }
};

TEST_F(ResumeSimulation, NothingIsLostDoubledOrReorderedWithoutAGap) {
  // SLUICE_SIMULATION_SEEDS plays more, and SLUICE_SIMULATION_FIRST begins with another.
  const unsigned seeds = FromEnvironment("SLUICE_SIMULATION_SEEDS", 1500);
  const unsigned first = FromEnvironment("SLUICE_SIMULATION_FIRST", 1);
  std::size_t publishes = 0;
  for (unsigned seed = first; seed < first + seeds; ++seed) {
    World world(seed, FaultsOf(seed), {});
    const std::vector<std::string> violations = world.Play();
    publishes += world.publish_count();
    ASSERT_TRUE(violations.empty()) << "seed " << seed << ": " << violations.front() << " and "
                                    << violations.size() - 1 << " more\n"
                                    << world.Story();
  }
  EXPECT_GT(publishes, seeds * 50);
}

TEST_F(ResumeSimulation, NoGapIsToldWithoutAFault) {
  PlayWithoutAGap({Fault::kReconnects});
}

TEST_F(ResumeSimulation, ABrokenSubscriptionAndAKilledReplicaAreNoGap) {
  PlayWithoutAGap({Fault::kCutSubscriptions, Fault::kKillReplicas});
}

// The simulation is worth nothing if it can't fail.
TEST_F(ResumeSimulation, NoticesWhenDoublesAreNotDropped) {
  Broken broken;
  broken.doubles = true;
  EXPECT_TRUE(IsNoticed(broken, {Fault::kCutSubscriptions}, 100));
}

TEST_F(ResumeSimulation, NoticesWhenLiveEventsAreNotHeld) {
  Broken broken;
  broken.hold = true;
  EXPECT_TRUE(IsNoticed(broken, {Fault::kCutSubscriptions}, 100));
}

TEST_F(ResumeSimulation, NoticesWhenChannelsAreCoveredBeforeTheyAreSubscribed) {
  Broken broken;
  broken.covered = true;
  EXPECT_TRUE(IsNoticed(broken, {Fault::kReconnects}, 100));
}

TEST_F(ResumeSimulation, NoticesWhenAnEpochOutlivesItsRunOfRedis) {
  Broken broken;
  broken.epoch = true;
  EXPECT_TRUE(IsNoticed(broken, {Fault::kRestartWithOldData}, 100));
}

TEST_F(ResumeSimulation, NoticesWhenWhatWasTrimmedIsNotTold) {
  Broken broken;
  broken.trimmed = true;
  EXPECT_TRUE(IsNoticed(broken, {Fault::kTrim}, 100));
}

TEST_F(ResumeSimulation, NoticesWhenRecordsDoNotTellSinceWhen) {
  Broken broken;
  broken.join = true;
  EXPECT_TRUE(IsNoticed(broken, {Fault::kReconnects}, 100));
}

TEST_F(ResumeSimulation, NoticesWhenRecordsAreNotReadAgain) {
  Broken broken;
  broken.records = true;
  EXPECT_TRUE(IsNoticed(broken, {Fault::kCutSubscriptions}, 100));
}

}  // namespace
}  // namespace sluice::tests
