#include "edge/names/event_number.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace sluice {
namespace {

EventNumber Number(std::uint64_t sequence) {
  return {{'a', 'b', 'z', '2', '7', 'q', 'm', 'x'}, sequence};
}

TEST(EventNumber, ReadsBackWhatItWrites) {
  for (const std::uint64_t sequence :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1'700'000'000'000'000},
        std::uint64_t{99'999'999'999'999'999}, std::numeric_limits<std::uint64_t>::max()}) {
    const EventNumber number = Number(sequence);
    const auto parsed = EventNumber::Parse(number.ToString());
    ASSERT_TRUE(parsed.has_value()) << number.ToString();
    EXPECT_EQ(*parsed, number);
  }
}

TEST(EventNumber, HasAtLeast16Digits) {
  EXPECT_EQ(Number(7).ToString(), "abz27qmx-0000000000000007");
  EXPECT_FALSE(EventNumber::HasForm("abz27qmx-000000000000007"));
  EXPECT_TRUE(EventNumber::HasForm("abz27qmx-00000000000000007"));
}

TEST(EventNumber, KeepsTheFormWhenItIsTooLargeToParse) {
  const std::string too_large = "abz27qmx-18446744073709551616";
  EXPECT_TRUE(EventNumber::HasForm(too_large));
  EXPECT_FALSE(EventNumber::Parse(too_large).has_value());
  EXPECT_TRUE(EventNumber::HasForm("abz27qmx-" + std::string(60, '9')));
}

TEST(EventNumber, RefusesEverythingElse) {
  for (const char* text :
       {"", "abz27qmx", "abz27qmx-", "Abz27qmx-0000000000000007", "abz18qmx-0000000000000007",
        "abz27qm-00000000000000007", "abz27qmxx-0000000000000007", "abz27qmx_0000000000000007",
        "abz27qmx-000000000000000x", "abz27qmx-+000000000000007", "abz27qmx-0000000000000007 ",
        " abz27qmx-0000000000000007"}) {
    EXPECT_FALSE(EventNumber::HasForm(text)) << text;
    EXPECT_FALSE(EventNumber::Parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace sluice
