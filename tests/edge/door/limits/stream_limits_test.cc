#include "edge/door/limits/stream_limits.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using Limit = StreamLimits::Limit;

class StreamLimitsTest : public testing::Test {
 protected:
  // Lets a stream in, or says why not.
  std::string Enter(const std::string& address, const std::string& client_id = "",
                    const std::vector<std::string>& groups = {}) {
    auto entered = limits_->Enter(boost::asio::ip::make_address(address), client_id, groups,
                                  ConnectionId::Make(0), uptime_);
    if (const auto* limit = std::get_if<Limit>(&entered)) {
      const char* names[] = {"address", "client", "group", "rate"};
      return names[static_cast<int>(*limit)];
    }
    auto& entry = std::get<StreamLimits::Entry>(entered);
    const std::string result = entry.replaced.has_value() ? "in for another" : "in";
    replaced_ = entry.replaced;
    places_.push_back(std::move(entry.places));
    return result;
  }
  void Use(const StreamLimits::Options& options) {
    limits_ = std::make_unique<StreamLimits>(options);
  }

  absl::Duration uptime_ = absl::Seconds(1000);
  std::unique_ptr<StreamLimits> limits_;
  std::vector<std::unique_ptr<StreamPlaces>> places_;  // Before limits_ at the end.
  std::optional<ConnectionId> replaced_;

  void TearDown() override { places_.clear(); }
};

TEST_F(StreamLimitsTest, TakeNoPlaceWhereNothingIsLimited) {
  Use({});
  EXPECT_EQ(Enter("192.0.2.1", "ada", {"g"}), "in");
  EXPECT_EQ(places_[0], nullptr);
}

TEST_F(StreamLimitsTest, BoundTheStreamsOfAnAddress) {
  Use({.per_address_max = 2});
  EXPECT_EQ(Enter("192.0.2.1"), "in");
  EXPECT_EQ(Enter("192.0.2.1"), "in");
  EXPECT_EQ(Enter("::ffff:192.0.2.1"), "address") << "the same in another form";
  EXPECT_EQ(Enter("192.0.2.2"), "in");
  places_[0]->LeaveAudience();
  EXPECT_EQ(Enter("192.0.2.1"), "address") << "its socket is open still";
  places_[0].reset();
  EXPECT_EQ(Enter("192.0.2.1"), "in");
}

TEST_F(StreamLimitsTest, TakeASlash64ForOneAddress) {
  Use({.per_address_max = 1});
  EXPECT_EQ(Enter("2001:db8:1:2::1"), "in");
  EXPECT_EQ(Enter("2001:db8:1:2:ffff::9"), "address");
  EXPECT_EQ(Enter("2001:db8:1:3::1"), "in");
}

TEST_F(StreamLimitsTest, BoundTheStreamsOfAGroup) {
  Use({.per_group_max = 1});
  EXPECT_EQ(Enter("192.0.2.1", "ada", {"a", "b"}), "in");
  EXPECT_EQ(Enter("192.0.2.1", "bob", {"b", "c"}), "group");
  EXPECT_EQ(Enter("192.0.2.1", "bob", {"c"}), "in") << "what was refused took nothing";
  places_[0]->LeaveAudience();
  EXPECT_EQ(Enter("192.0.2.1", "bob", {"b"}), "in");
}

TEST_F(StreamLimitsTest, GiveTheNewestStreamOfAClientThePlaceOfItsOldest) {
  Use({.per_client_max = 2});
  EXPECT_EQ(Enter("192.0.2.1", "ada"), "in");
  EXPECT_EQ(Enter("192.0.2.1", "ada"), "in");
  EXPECT_EQ(Enter("192.0.2.1", "ada"), "in for another");
  EXPECT_EQ(replaced_, places_[0]->id());
  EXPECT_EQ(Enter("192.0.2.1", "ada"), "in for another");
  EXPECT_EQ(replaced_, places_[1]->id());
  places_[0].reset();  // It gives back nothing that it does not have any more.
  places_[1].reset();
  EXPECT_EQ(Enter("192.0.2.1", "ada"), "in for another");
  EXPECT_EQ(Enter("192.0.2.1", "bob"), "in");
}

TEST_F(StreamLimitsTest, RefuseTheNewestWhereThatIsWanted) {
  Use({.per_client_max = 1, .replaces_oldest = false});
  EXPECT_EQ(Enter("192.0.2.1", "ada"), "in");
  EXPECT_EQ(Enter("192.0.2.1", "ada"), "client");
  EXPECT_EQ(Enter("192.0.2.1"), "in") << "one without a client is nobody's";
  EXPECT_EQ(Enter("192.0.2.1"), "in");
  places_[0].reset();
  EXPECT_EQ(Enter("192.0.2.1", "ada"), "in");
}

TEST_F(StreamLimitsTest, BoundHowManyBeginInASecond) {
  Use({.begins_per_second_max = 2});
  EXPECT_EQ(Enter("192.0.2.1"), "in");
  EXPECT_EQ(Enter("192.0.2.2"), "in");
  EXPECT_EQ(Enter("192.0.2.3"), "rate");
  uptime_ += absl::Milliseconds(500);
  EXPECT_EQ(Enter("192.0.2.3"), "in");
  EXPECT_EQ(Enter("192.0.2.3"), "rate");
  uptime_ += absl::Hours(1);
  EXPECT_EQ(Enter("192.0.2.3"), "in");
  EXPECT_EQ(Enter("192.0.2.3"), "in");
  EXPECT_EQ(Enter("192.0.2.3"), "rate") << "a rest saves up a second's worth, no more";
}

}  // namespace
}  // namespace sluice
