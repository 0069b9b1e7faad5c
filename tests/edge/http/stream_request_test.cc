#include "edge/http/stream_request.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

namespace http = boost::beast::http;

RequestHead Head(const std::string& target, http::verb method = http::verb::get) {
  RequestHead head(method, target, 11);
  return head;
}

StreamRequest Accepted(const RequestHead& head) {
  const StreamRequestResult result = ReadStreamRequest(head);
  EXPECT_FALSE(result.error.has_value()) << head.target() << ": " << result.error->message;
  return result.request;
}

unsigned RefusedWith(const RequestHead& head) {
  const StreamRequestResult result = ReadStreamRequest(head);
  return result.error.has_value() ? result.error->status : 200;
}

TEST(StreamRequest, ReadsClientAndGroupsSortedAndOnce) {
  const auto request = Accepted(Head("/events?group=b&client_id=ada&group=a&group=b"));
  EXPECT_EQ(request.client_id, "ada");
  EXPECT_EQ(request.groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(request.last_event_id.has_value());
}

TEST(StreamRequest, MayNameTheWholeUrl) {
  EXPECT_EQ(Accepted(Head("http://a.example:80/events?client_id=ada")).client_id, "ada");
  EXPECT_EQ(RefusedWith(Head("http://a.example/")), 404U);
  for (const char* wrong : {"ftp://a.example/events", "a.example/events", "*", "http://[/events"}) {
    EXPECT_EQ(RefusedWith(Head(wrong)), 400U) << wrong;
  }
}

TEST(StreamRequest, NeedsNothing) {
  const auto request = Accepted(Head("/events"));
  EXPECT_EQ(request.client_id, "");
  EXPECT_TRUE(request.groups.empty());
}

TEST(StreamRequest, DecodesPercentEscapes) {
  EXPECT_EQ(Accepted(Head("/events?client_id=%C3%A9%2Bx%26%3D")).client_id, "\xC3\xA9+x&=");
  EXPECT_EQ(Accepted(Head("/events?client%5Fid=ada")).client_id, "ada");
}

TEST(StreamRequest, AllowsNamesThatOtherLanguagesReserve) {
  const auto request = Accepted(Head("/events?client_id=constructor&group=__proto__"));
  EXPECT_EQ(request.client_id, "constructor");
  EXPECT_EQ(request.groups, std::vector<std::string>{"__proto__"});
}

TEST(StreamRequest, RefusesTwoClientIds) {
  EXPECT_EQ(RefusedWith(Head("/events?client_id=a&client_id=b")), 400U);
}

TEST(StreamRequest, Takes64GroupsAndNotOneMore) {
  std::string target = "/events?x";
  for (int i = 0; i < 64; ++i) absl::StrAppend(&target, "&group=g", i);
  EXPECT_EQ(Accepted(Head(target + "&group=g0")).groups.size(), 64U);
  EXPECT_EQ(RefusedWith(Head(target + "&group=g64")), 400U);
}

TEST(StreamRequest, RefusesBadNames) {
  for (const char* query : {"client_id=", "client_id", "group=", "client_id=a%20b", "group=a%0Ab",
                            "client_id=%00", "group=%FF", "client_id=%E2%80%AE", "group=%C2%85"}) {
    EXPECT_EQ(RefusedWith(Head(absl::StrCat("/events?", query))), 400U) << query;
  }
  EXPECT_EQ(RefusedWith(Head("/events?client_id=" + std::string(256, 'a'))), 200U);
  EXPECT_EQ(RefusedWith(Head("/events?client_id=" + std::string(257, 'a'))), 400U);
}

TEST(StreamRequest, RefusesEscapesThatAreNone) {
  EXPECT_EQ(RefusedWith(Head("/events?client_id=%zz")), 400U);
  EXPECT_EQ(RefusedWith(Head("/events?client_id=%4")), 400U);
}

TEST(StreamRequest, IgnoresUnknownParameters) {
  EXPECT_EQ(Accepted(Head("/events?_=17&client_id=ada&toString=1&=&&")).client_id, "ada");
}

TEST(StreamRequest, TakesTheHeadersLastEventIdBeforeTheQuerys) {
  RequestHead head = Head("/events?last_event_id=old");
  EXPECT_EQ(Accepted(head).last_event_id, "old");
  head.set("Last-Event-ID", "new");
  EXPECT_EQ(Accepted(head).last_event_id, "new");
}

TEST(StreamRequest, TakesAnEmptyLastEventIdForNone) {
  EXPECT_EQ(Accepted(Head("/events?last_event_id=")).last_event_id.value_or(""), "");
}

// A form encodes a space as `+`, which no name may hold; a plus itself comes as %2B.
TEST(StreamRequest, TakesAPlusForTheSpaceThatFormsMeanByIt) {
  EXPECT_EQ(RefusedWith(Head("/events?client_id=a+b")), 400U);
}

// An id of 256 bytes and more was cut inside a character and then dropped as no text, so that the
// stream was taken for a fresh one and not told of its gap.
TEST(StreamRequest, CutsLongLastEventIdsBetweenCharacters) {
  RequestHead head = Head("/events");
  // Appended to a name of its own: gcc 12 warns of the sum of a temporary and a literal.
  std::string id(255, 'a');
  id.append("\xC3\xA9");
  head.set("Last-Event-ID", id);
  EXPECT_EQ(Accepted(head).last_event_id, std::string(255, 'a'));
}

// Bytes that are no text can't be told back, but who sends them has missed something all the same.
TEST(StreamRequest, TakesALastEventIdThatIsNoTextForAnUnknownOne) {
  RequestHead head = Head("/events");
  head.set("Last-Event-ID", "a\xFFz");
  EXPECT_EQ(Accepted(head).last_event_id, "a\xEF\xBF\xBDz");
  EXPECT_EQ(Accepted(Head("/events?last_event_id=%FF")).last_event_id, "\xEF\xBF\xBD");
}

TEST(StreamRequest, ReadsMethodsThatStreamsHave) {
  Accepted(Head("/events", http::verb::head));
  RequestHead preflight = Head("/events", http::verb::options);
  preflight.set(http::field::accept, "application/json");
  Accepted(preflight);
  EXPECT_EQ(RefusedWith(Head("/events", http::verb::post)), 405U);
  EXPECT_EQ(RefusedWith(Head("/events", http::verb::delete_)), 405U);
}

TEST(StreamRequest, RefusesOtherPaths) {
  for (const char* target : {"/", "/event", "/events/", "/Events", "/events%2F", "//events"}) {
    EXPECT_EQ(RefusedWith(Head(target)), 404U) << target;
  }
  for (const char* target : {"*", "events", "", "/events?a b"}) {
    EXPECT_EQ(RefusedWith(Head(target)), 400U) << target;
  }
}

TEST(StreamRequest, RefusesWhatAcceptExcludes) {
  RequestHead head = Head("/events");
  head.set(http::field::accept, "application/json");
  EXPECT_EQ(RefusedWith(head), 406U);
  // Fields of one name are one list (RFC 9110 "Field Order").
  head.insert(http::field::accept, "text/*;q=0.1");
  EXPECT_EQ(RefusedWith(head), 200U);
}

}  // namespace
}  // namespace sluice
