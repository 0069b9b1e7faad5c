#include "tests/tidy/rules/path_rules.h"

#include <gtest/gtest.h>

namespace sluice::tidy {
namespace {

TEST(NameRule, RefusesWordsThatSayNothing) {
  for (const char* path :
       {"edge/util/a.h", "edge/string_util.cc", "control/helper.h", "edge/session_manager.cc",
        "edge/common/a.h", "edge/a-impl.h", "clients/node/helpers.mjs"}) {
    EXPECT_EQ(CheckNames(path).size(), 1U) << path;
  }
}

TEST(NameRule, AllowsThemInsideOtherWordsAndInVendoredFiles) {
  for (const char* path : {"edge/utility_bill.h", "edge/implicit.cc", "edge/uncommon/a.h",
                           "proto/third_party/google/common/a.proto"}) {
    EXPECT_TRUE(CheckNames(path).empty()) << path;
  }
}

TEST(TopLevelRule, KnowsTheLayout) {
  for (const char* path : {"edge/a.h", "README.md", ".github/a.yaml", ".clang-format", "dev"}) {
    EXPECT_TRUE(CheckTopLevel(path).empty()) << path;
  }
  for (const char* path : {"notes.md", "src/a.cc", "build.sh", "edges/a.h"}) {
    EXPECT_EQ(CheckTopLevel(path).size(), 1U) << path;
  }
}

}  // namespace
}  // namespace sluice::tidy
