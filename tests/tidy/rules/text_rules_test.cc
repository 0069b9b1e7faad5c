#include "tests/tidy/rules/text_rules.h"

#include <gtest/gtest.h>

namespace sluice::tidy {
namespace {

TEST(SleepRule, RefusesEverySleepOfATest) {
  for (const char* bad : {"std::this_thread::sleep_for(1s);", "sleep_until(t);", "usleep(5);",
                          "absl::SleepFor(absl::Seconds(1));", "::sleep(1);"}) {
    EXPECT_EQ(CheckSleeps({"tests/edge/a_test.cc", bad}).size(), 1U) << bad;
  }
  for (const char* bad : {"sleep 1\n", "a; sleep 0.5\n", "while true; do sleep 1; done\n"}) {
    EXPECT_EQ(CheckSleeps({"tests/clients/a.sh", bad}).size(), 1U) << bad;
  }
  EXPECT_EQ(CheckSleeps({"tests/clients/run", "#!/bin/sh\nsleep 1\n"}).size(), 1U);
  EXPECT_EQ(CheckSleeps({"tests/a.mjs", "await new Promise((r) => setTimeout(r, 5));"}).size(), 1U);
  EXPECT_EQ(CheckSleeps({"tests/a.py", "time.sleep(1)"}).size(), 1U);
}

TEST(SleepRule, AllowsTheWordInTextAndATimerAsADeadline) {
  EXPECT_TRUE(CheckSleeps({"tests/a_test.cc", "// No sleep here.\nf(\"sleep\");"}).empty());
  EXPECT_TRUE(CheckSleeps({"tests/a_test.cc", "bool sleeping = true;"}).empty());
  EXPECT_TRUE(CheckSleeps({"tests/a.sh", "# never sleep 1\necho asleep\n"}).empty());
  EXPECT_TRUE(CheckSleeps({"tests/a.mjs", "setTimeout(() => fail('too late'), 5000);"}).empty());
  EXPECT_TRUE(CheckSleeps({"edge/a.cc", "usleep(5);"}).empty());
}

TEST(OpenEndRule, RefusesTheUsualMarks) {
  for (const std::string mark : {"TO"
                                 "DO",
                                 "FIX"
                                 "ME",
                                 "XX"
                                 "X"}) {
    EXPECT_EQ(CheckOpenEnds({"edge/a.cc", "int a;  // " + mark + ": later\n"}).size(), 1U);
    EXPECT_EQ(CheckOpenEnds({"dev", "# " + mark + " later\n"}).size(), 1U);
    EXPECT_TRUE(CheckOpenEnds({"edge/a.cc", "f(\"" + mark + "\");\n"}).empty());
    EXPECT_TRUE(CheckOpenEnds({"edge/a.cc", "// " + mark + "ISH\n"}).empty());
  }
}

TEST(DeadCodeRule, RefusesStatementsInComments) {
  for (const char* bad :
       {"// Push(frame);", "  // auto a = Get();", "// return 5;", "// outbox_->Push(a, b);",
        "// const Frame& f = Make(1);", "// a_ += 1;"}) {
    EXPECT_EQ(CheckCommentedOutCode({"edge/a.cc", bad}).size(), 1U) << bad;
  }
}

TEST(DeadCodeRule, AllowsProse) {
  for (const char* good : {"// Called by Push(); the frame must be whole;", "// A list: one; two;",
                           "// See Push(frame).", "Push(frame);  // Returns at once; never blocks.",
                           "// sent before the answer came;"}) {
    EXPECT_TRUE(CheckCommentedOutCode({"edge/a.cc", good}).empty()) << good;
  }
}

TEST(PrivatePathRule, RefusesFoldersOfAMachine) {
  for (const std::string folder : {"/wo"
                                   "rk/",
                                   "/ro"
                                   "ot/"}) {
    EXPECT_EQ(CheckPrivatePaths({"README.md", "see " + folder + "notes"}).size(), 1U);
    EXPECT_EQ(CheckPrivatePaths({"a.cc", "f(\"" + folder + "a\");"}).size(), 1U);
    EXPECT_TRUE(CheckPrivatePaths({"README.md", "edge" + folder + "a"}).empty());
  }
}

}  // namespace
}  // namespace sluice::tidy
