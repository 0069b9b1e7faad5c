#include "edge/door/limits/trusted_proxies.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

namespace ip = boost::asio::ip;

AddressRange Range(const std::string& text) {
  auto range = AddressRange::Parse(text);
  EXPECT_TRUE(range.ok()) << range.status();
  return range.ok() ? *range : AddressRange();
}

bool IsIn(const std::string& range, const std::string& address) {
  return Range(range).Contains(ip::make_address(address));
}

TEST(AddressRange, HoldsWhatBeginsWithItsBits) {
  EXPECT_TRUE(IsIn("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(IsIn("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(IsIn("172.16.0.0/12", "172.31.255.255"));
  EXPECT_FALSE(IsIn("172.16.0.0/12", "172.32.0.0"));
  EXPECT_TRUE(IsIn("0.0.0.0/0", "192.0.2.1"));
  EXPECT_TRUE(IsIn("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(IsIn("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(IsIn("fd00::/8", "fdff::1"));
  EXPECT_FALSE(IsIn("fd00::/8", "fe00::1"));
}

TEST(AddressRange, TakesMappedAddressesForWhatTheyMean) {
  EXPECT_TRUE(IsIn("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_FALSE(IsIn("::/0", "10.1.2.3"));
}

TEST(AddressRange, RefusesEverythingElse) {
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/129", "/8", "proxy",
                           "10.0.0.0/-1", "10.0.0.0/8/8"}) {
    const auto range = AddressRange::Parse(text);
    EXPECT_FALSE(range.ok()) << text;
    EXPECT_NE(range.status().message().find("10.0.0.0/8"), absl::string_view::npos);
  }
}

class TrustedProxiesTest : public testing::Test {
 protected:
  // Who sent a request that came from `peer` with these lines of X-Forwarded-For.
  std::string SenderOf(const std::string& peer, const std::vector<std::string>& lines) {
    RequestHead head;
    for (const std::string& line : lines) {
      head.insert("X-Forwarded-For", line);
    }
    const auto sender = proxies_.SenderOf(head, {ip::make_address(peer), 4711});
    return sender.address().to_string() + (sender.port() == 0 ? "" : " itself");
  }

  TrustedProxies proxies_{{Range("10.0.0.0/8"), Range("fd00::/8")}};
};

TEST_F(TrustedProxiesTest, AreBelievedAndNobodyElse) {
  EXPECT_EQ(SenderOf("10.0.0.1", {"192.0.2.7"}), "192.0.2.7");
  EXPECT_EQ(SenderOf("192.0.2.9", {"192.0.2.7"}), "192.0.2.9 itself");
  EXPECT_EQ(SenderOf("10.0.0.1", {}), "10.0.0.1 itself");
}

TEST_F(TrustedProxiesTest, AreBelievedUpToTheFirstThatIsNone) {
  EXPECT_EQ(SenderOf("10.0.0.1", {"forged, 192.0.2.1, 192.0.2.7, 10.9.9.9"}), "192.0.2.7");
  EXPECT_EQ(SenderOf("10.0.0.1", {"192.0.2.1", "192.0.2.7", "fd00::1, 10.9.9.9"}), "192.0.2.7");
  EXPECT_EQ(SenderOf("10.0.0.1", {"10.1.1.1, 10.2.2.2"}), "10.1.1.1") << "they are all proxies";
}

TEST_F(TrustedProxiesTest, MayTellPorts) {
  EXPECT_EQ(SenderOf("10.0.0.1", {"192.0.2.7:1234"}), "192.0.2.7");
  EXPECT_EQ(SenderOf("10.0.0.1", {"[2001:db8::7]:1234"}), "2001:db8::7");
  EXPECT_EQ(SenderOf("10.0.0.1", {"2001:db8::7"}), "2001:db8::7");
}

TEST_F(TrustedProxiesTest, AreTheSenderWhereTheyTellNonsense) {
  EXPECT_EQ(SenderOf("10.0.0.1", {"192.0.2.7, unknown"}), "10.0.0.1 itself");
  EXPECT_EQ(SenderOf("10.0.0.1", {"192.0.2.7, , 10.9.9.9"}), "10.9.9.9");
  EXPECT_EQ(SenderOf("10.0.0.1", {"[192.0.2.7"}), "10.0.0.1 itself");
}

}  // namespace
}  // namespace sluice
