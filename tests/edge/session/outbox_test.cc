#include "edge/session/outbox.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/stream/frames.h"

namespace sluice {
namespace {

using tests::FrameOf;

constexpr std::size_t kOverhead = Frame::kOverheadBytes;

// What Gather shows, as one text.
std::string Shown(const Outbox& outbox, int parts_max = 64) {
  std::vector<iovec> parts(static_cast<std::size_t>(parts_max));
  const int count = outbox.Gather(parts.data(), parts_max);
  std::string text;
  for (int i = 0; i < count; ++i) {
    const iovec& part = parts[static_cast<std::size_t>(i)];
    text.append(static_cast<const char*>(part.iov_base), part.iov_len);
  }
  return text;
}

TEST(Outbox, ShowsFramesInOrderFromWhereTheFirstWasLeft) {
  Outbox outbox;
  outbox.Push(FrameOf("abc"), 1);
  outbox.Push(FrameOf("def"), 0);
  EXPECT_EQ(Shown(outbox), "bcdef");
  EXPECT_EQ(Shown(outbox, 1), "bc");
  EXPECT_EQ(outbox.cost(), 6 + 2 * kOverhead);
}

TEST(Outbox, ConsumesAcrossFrames) {
  Outbox outbox;
  outbox.Push(FrameOf("abc"), 2);
  outbox.Push(FrameOf("de"), 0);
  outbox.Push(FrameOf("fgh"), 0);
  outbox.Consume(4);
  EXPECT_EQ(Shown(outbox), "gh");
  EXPECT_EQ(outbox.cost(), 3 + kOverhead);
  outbox.Consume(2);
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.cost(), 0U);
}

TEST(Outbox, ConsumesExactlyOneFrame) {
  Outbox outbox;
  outbox.Push(FrameOf("abc"), 0);
  outbox.Push(FrameOf("de"), 0);
  outbox.Consume(3);
  EXPECT_EQ(Shown(outbox), "de");
  outbox.Consume(0);
  EXPECT_EQ(Shown(outbox), "de");
}

TEST(Outbox, DropsAllThatHasNotBegun) {
  Outbox outbox;
  outbox.Push(FrameOf("abc"), 0);
  outbox.Push(FrameOf("de"), 0);
  outbox.DropUnbegun();
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.cost(), 0U);
  outbox.Push(FrameOf("bye"), 0);
  EXPECT_EQ(Shown(outbox), "bye");
}

TEST(Outbox, KeepsTheFrameThatHasBegun) {
  Outbox outbox;
  outbox.Push(FrameOf("abc"), 0);
  outbox.Push(FrameOf("de"), 0);
  outbox.Push(FrameOf("fgh"), 0);
  outbox.Consume(4);
  outbox.DropUnbegun();
  EXPECT_EQ(Shown(outbox), "e");
  EXPECT_EQ(outbox.cost(), 2 + kOverhead);
  outbox.Push(FrameOf("bye"), 0);
  EXPECT_EQ(Shown(outbox), "ebye");
}

TEST(Outbox, DropsNothingBeforeAFrameWhoseEndWasJustReached) {
  Outbox outbox;
  outbox.Push(FrameOf("abc"), 0);
  outbox.Push(FrameOf("de"), 0);
  outbox.Consume(3);
  outbox.DropUnbegun();
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.cost(), 0U);
}

TEST(Outbox, LetsGoOfAFrameAsSoonAsItIsWritten) {
  const auto bytes = std::make_shared<const std::string>("abc");
  Outbox outbox;
  outbox.Push(FramePointer(new Frame(bytes)), 0);
  outbox.Push(FrameOf("de"), 0);
  EXPECT_EQ(bytes.use_count(), 2);
  outbox.Consume(3);
  EXPECT_EQ(bytes.use_count(), 1);
}

// The entries of written frames are taken out now and then; nothing may shift when they are.
TEST(Outbox, KeepsItsOrderOverManyFrames) {
  Outbox outbox;
  std::string expected;
  std::string written;
  std::size_t cost = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i) + ",";
    outbox.Push(FrameOf(text), 0);
    expected += text;
    if (i % 3 == 0) continue;
    const std::string shown = Shown(outbox, 1);
    const std::size_t bytes = i % 2 == 0 ? shown.size() : shown.size() / 2 + 1;
    written += Shown(outbox).substr(0, bytes);
    outbox.Consume(bytes);
    cost = outbox.cost();
  }
  EXPECT_GT(cost, 0U);
  while (!outbox.empty()) {
    const std::string shown = Shown(outbox);
    written += shown;
    outbox.Consume(shown.size());
  }
  EXPECT_EQ(written, expected);
  EXPECT_EQ(outbox.cost(), 0U);
}

}  // namespace
}  // namespace sluice
