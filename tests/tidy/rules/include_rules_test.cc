#include "tests/tidy/rules/include_rules.h"

#include <gtest/gtest.h>

namespace sluice::tidy {
namespace {

bool MayInclude(const std::string& path, const std::string& included) {
  return CheckIncludeDirection({path, "#include " + included + "\n"}).empty();
}

TEST(IncludeDirectionRule, KeepsRpcStoreAndUpperLayersOutOfEdge) {
  for (const char* included :
       {"\"control/a.h\"", "\"server/a.h\"", "\"clients/a.h\"", "\"tests/a.h\"",
        "<grpcpp/grpcpp.h>", "<google/protobuf/message.h>", "<hiredis/hiredis.h>",
        "\"sluice/v1/event.pb.h\"", "<google/rpc/status.pb.h>"}) {
    EXPECT_FALSE(MayInclude("edge/session/a.cc", included)) << included;
  }
  for (const char* included :
       {"\"edge/base/check.h\"", "<boost/asio.hpp>", "<absl/time/time.h>", "<string>"}) {
    EXPECT_TRUE(MayInclude("edge/session/a.cc", included)) << included;
  }
}

TEST(IncludeDirectionRule, KeepsEdgeBaseToTheStandardLibraryAndAbseil) {
  for (const char* included : {"\"edge/session/a.h\"", "<boost/asio.hpp>", "<spdlog/spdlog.h>"}) {
    EXPECT_FALSE(MayInclude("edge/base/a.h", included)) << included;
  }
  for (const char* included : {"\"edge/base/clock.h\"", "<absl/time/time.h>", "<cstdint>"}) {
    EXPECT_TRUE(MayInclude("edge/base/a.h", included)) << included;
  }
}

TEST(IncludeDirectionRule, KeepsControlBelowTheServer) {
  EXPECT_FALSE(MayInclude("control/rpc/a.cc", "\"server/config.h\""));
  EXPECT_FALSE(MayInclude("control/rpc/a.cc", "\"clients/cli/a.h\""));
  EXPECT_TRUE(MayInclude("control/rpc/a.cc", "\"edge/door.h\""));
  EXPECT_TRUE(MayInclude("control/rpc/a.cc", "<grpcpp/grpcpp.h>"));
  EXPECT_TRUE(MayInclude("server/main.cc", "\"control/rpc/a.h\""));
  EXPECT_FALSE(MayInclude("server/main.cc", "\"clients/cli/a.h\""));
}

TEST(IncludeDirectionRule, KeepsClientsToProto) {
  EXPECT_FALSE(MayInclude("clients/cli/a.cc", "\"edge/base/check.h\""));
  EXPECT_FALSE(MayInclude("clients/cli/a.cc", "\"control/rpc/a.h\""));
  EXPECT_TRUE(MayInclude("clients/cli/a.cc", "\"clients/cpp/a.h\""));
  EXPECT_TRUE(MayInclude("clients/cli/a.cc", "\"sluice/v1/event.pb.h\""));
}

TEST(IncludeDirectionRule, LetsOnlyTestsIncludeTests) {
  EXPECT_FALSE(MayInclude("control/a.cc", "\"tests/support/a.h\""));
  EXPECT_TRUE(MayInclude("tests/control/a_test.cc", "\"tests/support/a.h\""));
}

TEST(IncludeDirectionRule, DoesNotReadCommentsAndNamesTheLine) {
  EXPECT_TRUE(MayInclude("edge/a.cc", "<string>  // #include \"control/a.h\""));
  EXPECT_TRUE(CheckIncludeDirection({"edge/a.cc", "// #include \"control/a.h\"\n"}).empty());
  const Violations violations =
      CheckIncludeDirection({"edge/a.cc", "\n#  include \"control/a.h\"\n"});
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].line, 2);
}

TEST(IncludeFormRule, WantsOwnHeadersInQuotesFromTheRoot) {
  for (const char* bad : {"#include \"a.h\"\n", "#include \"../base/a.h\"\n",
                          "#include <edge/base/a.h>\n", "#include \"boost/asio.hpp\"\n"}) {
    EXPECT_EQ(CheckIncludeForm({"edge/session/a.cc", bad}).size(), 1U) << bad;
  }
  for (const char* good :
       {"#include \"edge/base/a.h\"\n", "#include <boost/asio.hpp>\n", "#include <vector>\n",
        "#include \"sluice/v1/event.pb.h\"\n", "#include <sluice/v1/event.pb.h>\n"}) {
    EXPECT_TRUE(CheckIncludeForm({"control/a.cc", good}).empty()) << good;
  }
}

TEST(PragmaOnceRule, WantsItInEveryHeader) {
  EXPECT_TRUE(CheckPragmaOnce({"edge/a.h", "// Why.\n#pragma once\n"}).empty());
  EXPECT_TRUE(CheckPragmaOnce({"edge/a.cc", "int a;\n"}).empty());
  EXPECT_EQ(CheckPragmaOnce({"edge/a.h", "// #pragma once\nint a;\n"}).size(), 1U);
}

}  // namespace
}  // namespace sluice::tidy
