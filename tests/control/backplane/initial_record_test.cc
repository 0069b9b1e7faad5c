#include "control/backplane/initial_record.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "control/backplane/local/local_backplane.h"
#include "tests/support/backplane/backplane_contract.h"
#include "tests/support/time/manual_clock.h"

namespace sluice {
namespace {

class InitialRecordTest : public testing::Test {
 protected:
  InitialRecordTest() { backplane_.Start(listener_); }

  std::shared_ptr<const Record> Connect(const std::string& metadata) {
    std::shared_ptr<const Record> read;
    ReadOrBeginRecord(backplane_, "ada", metadata, [&read](auto record) {
      ASSERT_TRUE(record.ok()) << record.status();
      read = *record;
    });
    return read;
  }

  tests::RecordingListener listener_;
  tests::ManualClock clock_;
  LocalBackplane backplane_{"r1", clock_, absl::Hours(1)};
};

TEST_F(InitialRecordTest, IsMadeOfTheMetadataThatAClientComesWith) {
  const auto record = Connect(R"({"plan":"free","seats":3,"tags":["a"]})");
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->version, 1);
  EXPECT_EQ(record->metadata.fields().at("plan").string_value(), "free");
  EXPECT_EQ(record->metadata.fields().at("tags").list_value().values_size(), 1);
}

TEST_F(InitialRecordTest, IsNoneForAClientThatComesWithNothing) {
  EXPECT_EQ(Connect(""), nullptr);
  EXPECT_EQ(Connect("{}"), nullptr);
}

TEST_F(InitialRecordTest, LeavesARecordThatExistsAsItIs) {
  Connect(R"({"plan":"free"})");
  const auto again = Connect(R"({"plan":"pro"})");
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->version, 1);
  EXPECT_EQ(again->metadata.fields().at("plan").string_value(), "free");
}

TEST_F(InitialRecordTest, IsNoneWhenItCanNotBeKept) {
  EXPECT_EQ(Connect("no JSON"), nullptr);
}

}  // namespace
}  // namespace sluice
