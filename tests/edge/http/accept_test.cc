#include <gtest/gtest.h>

#include "edge/http/stream_request.h"

namespace sluice {
namespace {

TEST(Accept, TakesWhatBrowsersAndToolsSend) {
  for (const char* accept :
       {"", "  ", "text/event-stream", "*/*", "text/*", "TEXT/Event-Stream", "text/html, */*;q=0.1",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/event-stream;q=0.001", "text/event-stream ; q=1",
        "application/json,text/event-stream"}) {
    EXPECT_TRUE(AcceptsEventStream(accept)) << accept;
  }
}

TEST(Accept, RefusesWhatNamesOnlyOtherTypes) {
  for (const char* accept : {"application/json", "text/html", "text/event-streams", "image/*",
                             "text/plain, application/*", ",", ";q=1"}) {
    EXPECT_FALSE(AcceptsEventStream(accept)) << accept;
  }
}

TEST(Accept, TakesAWeightOfZeroForARefusal) {
  for (const char* accept : {"text/event-stream;q=0", "text/event-stream;q=0.0",
                             "text/event-stream; Q=0.000", "*/*;q=0", "text/*;q=0"}) {
    EXPECT_FALSE(AcceptsEventStream(accept)) << accept;
  }
}

TEST(Accept, LetsTheMostSpecificRangeDecideWhateverTheOrder) {
  EXPECT_FALSE(AcceptsEventStream("*/*, text/event-stream;q=0"));
  EXPECT_FALSE(AcceptsEventStream("text/event-stream;q=0, */*"));
  EXPECT_FALSE(AcceptsEventStream("text/*;q=0, */*;q=1"));
  EXPECT_TRUE(AcceptsEventStream("*/*;q=0, text/*"));
  EXPECT_TRUE(AcceptsEventStream("text/*;q=0, text/event-stream"));
  EXPECT_TRUE(AcceptsEventStream("text/event-stream;q=0.5, text/*;q=0, */*;q=0"));
}

}  // namespace
}  // namespace sluice
