// tests/clients/cli/readable_test.cc
#include "clients/cli/text/readable.h"

#include <gtest/gtest.h>

namespace sluice::cli {

TEST(Readable, ShowsControlCharactersInsteadOfSendingThem) {
  EXPECT_EQ(Visible("a\x1b[31mb\n\r\t\x7f"), "a\\x1b[31mb\\n\\r\\t\\x7f");
  EXPECT_EQ(Visible("\u009b31m"), "\\u009b31m");
  EXPECT_EQ(Visible("user\u202egpj"), "user\\u202egpj");
  EXPECT_EQ(Visible("caf\u00e9 \u4e2d \U0001F600"), "caf\u00e9 \u4e2d \U0001F600");
  EXPECT_EQ(Visible("a\xff"
                    "b"),
            "a\ufffd"
            "b");
}

TEST(Readable, KeepsJsonJsonWhenItEscapesWhatJsonLetsThrough) {
  EXPECT_EQ(VisibleJson("{\n \"a\": \"\u009b\x7f\u202e\"\n}"),
            "{\n \"a\": \"\\u009b\\u007f\\u202e\"\n}");
}

TEST(Readable, CountsWideCharactersTwiceAndCombiningOnesNever) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("\u4e2d\u6587"), 4);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);
  EXPECT_EQ(DisplayWidth("\U0001F600"), 2);
}

TEST(Readable, TruncatesToColumnsWithAnEllipsis) {
  EXPECT_EQ(Truncate("abcdef", 6), "abcdef");
  EXPECT_EQ(Truncate("abcdef", 4), "abc\u2026");
  EXPECT_EQ(Truncate("\u4e2d\u6587\u5b57", 4), "\u4e2d\u2026");
  EXPECT_EQ(Truncate("caf\u00e9s", 4), "caf\u2026");
  EXPECT_EQ(Truncate("abc", 1), "\u2026");
  EXPECT_EQ(Truncate("abc", 0), "");
}

TEST(Readable, TellsAgesAsAPersonDoes) {
  EXPECT_EQ(FormatAge(absl::Milliseconds(400)), "just now");
  EXPECT_EQ(FormatAge(absl::Seconds(-20)), "just now");
  EXPECT_EQ(FormatAge(absl::Seconds(59)), "59s ago");
  EXPECT_EQ(FormatAge(absl::Seconds(190)), "3m ago");
  EXPECT_EQ(FormatAge(absl::Hours(5)), "5h ago");
  EXPECT_EQ(FormatAge(absl::Hours(49)), "2d ago");
}

TEST(Readable, TellsElapsedTimesCountsAndSizes) {
  EXPECT_EQ(FormatElapsed(absl::Milliseconds(85)), "85ms");
  EXPECT_EQ(FormatElapsed(absl::Milliseconds(1250)), "1.2s");
  EXPECT_EQ(FormatElapsed(absl::Seconds(185)), "3m 5s");
  EXPECT_EQ(FormatElapsed(absl::Minutes(124)), "2h 4m");
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1234567), "1,234,567");
  EXPECT_EQ(FormatCount(-1234), "-1,234");
  EXPECT_EQ(FormatBytes(512), "512 B");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes(3 << 20), "3.0 MiB");
}

}  // namespace sluice::cli
