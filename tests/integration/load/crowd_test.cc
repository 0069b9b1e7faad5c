#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/server_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/process/user_memory.h"

namespace sluice::tests {
namespace {

// Half of them wait in the kernel, whose second try comes after a second, the third after three.
constexpr absl::Duration kServedWithin = absl::Seconds(20);

// Thousands who mean no good, and some who want their events.
class Crowd : public ServerTest {
 protected:
  // Two files a connection: the test's own and, after a fork, the server's limit.
  void SetUp() override {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 12'000) GTEST_SKIP() << "only " << limit.rlim_cur << " files may be open";
    ServerTest::SetUp();
  }

  std::shared_ptr<EventStream> OpenFrom(int address, StreamRequest request) {
    request.source_address = absl::StrCat("127.0.", 1 + address % 50, ".", 1 + address / 50 % 250);
    request.keep_events = false;
    return streams().Open(server().http_port(), std::move(request));
  }

  std::vector<std::shared_ptr<EventStream>> OpenReaders(int count) {
    std::vector<std::shared_ptr<EventStream>> readers;
    for (int i = 0; i < count; ++i) {
      readers.push_back(OpenFrom(i, GetEvents(absl::StrCat("/events?client_id=reader-", i))));
    }
    for (const auto& reader : readers) {
      EXPECT_TRUE(reader->WaitForEventCount(1, kServedWithin)) << "sluice.open";
    }
    return readers;
  }

  v1::Delivery SendToAll(const std::string& data) {
    v1::BroadcastRequest request;
    *request.mutable_event() = MakeEvent(data);
    v1::BroadcastResponse response;
    const grpc::Status status = Call(&Stub::Broadcast, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.delivery();
  }

  std::int64_t MemoryOfServer() { return UserMemoryBytes(server().process().pid()); }
};

TEST_F(Crowd, OfTenThousandHalfOpenHeadsKeepsNobodyOut) {
  StartServer();
  const auto before = OpenReaders(20);
  const std::int64_t memory_before = MemoryOfServer();
  StreamRequest half;
  half.head = "GET /events?client_id=eve HTTP/1.1\r\nHost: a\r\nX-Long: " + std::string(2'000, 'x');
  std::vector<std::shared_ptr<EventStream>> crowd;
  for (int i = 0; i < 10'000; ++i) crowd.push_back(OpenFrom(i, half));
  // While they hold their connections, and as theirs are taken from them.
  std::int64_t memory_max = 0;
  crowd.front()->WaitFor(
      [&](const StreamLog&) {
        memory_max = std::max(memory_max, MemoryOfServer());
        return false;
      },
      absl::Milliseconds(500));
  const absl::Time begin = absl::Now();
  const auto after = OpenReaders(20);
  EXPECT_LT(absl::Now() - begin, kServedWithin) << "behind 10,000 in the queue";
  EXPECT_EQ(SendToAll("x").connections(), 40);
  for (const auto& readers : {before, after}) {
    for (const auto& reader : readers) EXPECT_TRUE(reader->WaitForEventCount(2));
  }
  EXPECT_LT(memory_max - memory_before, 128 << 20);
  for (const auto& one : crowd) ASSERT_TRUE(one->WaitForEnd(absl::Seconds(40)));
  EXPECT_EQ(SendToAll("y").connections(), 40);
}

TEST_F(Crowd, OfFiveThousandReadersThatStopIsEndedWithMemoryBounded) {
  StartServer({"--outbox-bytes=256KiB", "--outbox-total-bytes=64MiB", "--write-timeout=60s"});
  const auto readers = OpenReaders(10);
  std::vector<std::shared_ptr<EventStream>> crowd;
  for (int i = 0; i < 5'000; ++i) {
    StreamRequest request = GetEvents(absl::StrCat("/events?client_id=stopped-", i));
    request.receive_buffer_bytes = 4096;
    crowd.push_back(OpenFrom(i, std::move(request)));
  }
  for (const auto& one : crowd) {
    ASSERT_TRUE(one->WaitForEventCount(1));
    one->PauseReading();
  }
  const std::int64_t memory_before = MemoryOfServer();
  std::int64_t memory_max = 0;
  const std::string data(50'000, 'x');
  v1::Delivery delivery;
  for (int i = 1; i <= 400; ++i) {  // 20 MB to each.
    delivery = SendToAll(data);
    memory_max = std::max(memory_max, MemoryOfServer());
    for (const auto& reader : readers) ASSERT_TRUE(reader->WaitForEventCount(1 + i)) << i;
  }
  EXPECT_EQ(delivery.connections(), 10) << "the others have been ended";
  // The bound of the outboxes, and what the process itself moves.
  EXPECT_LT(memory_max - memory_before, 128 << 20);
}

}  // namespace
}  // namespace sluice::tests
