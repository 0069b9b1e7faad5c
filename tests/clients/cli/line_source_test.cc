// tests/clients/cli/line_source_test.cc
#include "clients/cli/publish/line_source.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

namespace sluice::cli {
namespace {

using Result = LineSource::Result;

// The lines of the text, "<too long>" for those that are.
std::vector<std::string> LinesOf(const std::string& text) {
  const int fd = memfd_create("lines", MFD_CLOEXEC);
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  lseek(fd, 0, SEEK_SET);
  std::vector<std::string> lines;
  {
    const auto source = LineSource::Open("-", fd);
    std::string line;
    while (true) {
      const Result result = (*source)->Read(line);
      if (result != Result::kLine && result != Result::kTooLong) break;
      lines.push_back(result == Result::kLine ? line : "<too long>");
    }
    EXPECT_EQ((*source)->taken_bytes(), static_cast<std::int64_t>(text.size()));
    EXPECT_EQ((*source)->total_bytes(), static_cast<std::int64_t>(text.size()));
  }
  close(fd);
  return lines;
}

}  // namespace

TEST(LineSource, EndsLinesAtLfAndCrLfAndAtTheEnd) {
  EXPECT_EQ(LinesOf("a\nb\r\n\nc"), (std::vector<std::string>{"a", "b", "", "c"}));
  EXPECT_EQ(LinesOf(""), std::vector<std::string>{});
}

TEST(LineSource, SkipsTheRestOfALineOverTheLimit) {
  const std::string at_limit(LineSource::kLineSizeBytesMax, 'x');
  EXPECT_EQ(LinesOf(at_limit + "\nb\n"), (std::vector<std::string>{at_limit, "b"}));
  EXPECT_EQ(LinesOf(at_limit + "x\nb\n"), (std::vector<std::string>{"<too long>", "b"}));
  EXPECT_EQ(LinesOf("a\n" + at_limit + at_limit + at_limit),
            (std::vector<std::string>{"a", "<too long>"}));
}

TEST(LineSource, CancelEndsAReadThatWaits) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const auto source = LineSource::Open("-", ends[0]);
  std::string line;
  Result result = Result::kLine;
  std::thread reader([&] { result = (*source)->Read(line); });
  (*source)->Cancel();
  reader.join();
  EXPECT_EQ(result, Result::kCancelled);
  close(ends[0]);
  close(ends[1]);
}

TEST(LineSource, RefusesWhatItCannotRead) {
  EXPECT_FALSE(LineSource::Open("/nonexistent/events.jsonl", -1).ok());
  EXPECT_FALSE(LineSource::Open("/", -1).ok());
}

}  // namespace sluice::cli
