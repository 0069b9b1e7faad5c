#include "tests/integration/cluster/faults/fault_fixture.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <set>

#include "tests/support/eventually.h"

namespace sluice::tests {

void FaultTest::Begin(const std::vector<std::string>& redis_urls,
                      const std::vector<std::string>& more_flags) {
  // A replica that was stopped sends in a burst what came meanwhile; that is no slow stream.
  std::vector<std::string> flags = {"--outbox-bytes=64MiB"};
  flags.insert(flags.end(), more_flags.begin(), more_flags.end());
  for (const std::string& url : redis_urls) StartReplica(flags, url);
  for (std::size_t index = 0; index < redis_urls.size(); ++index) {
    streams_.push_back(Open(index, absl::StrCat("client_id=c", index, "&group=g")));
    streams_.push_back(Open(index, absl::StrCat("client_id=d", index)));
  }
  UntilWell(0, streams_);
  traffic_ = std::make_unique<Traffic>(
      std::vector<std::string>{replica(0).GrpcAddress(), replica(1).GrpcAddress()});
  traffic_->WaitForCalls(20);
}

void FaultTest::Finish(const std::string& fault, absl::Time since, bool may_be_forgotten) {
  UntilWell(0, streams_);
  const absl::Duration until_well = absl::Now() - since;
  traffic_->WaitForCalls(20);
  traffic_->Stop();
  ASSERT_TRUE(Broadcast(1, "end").status.ok());
  for (const auto& stream : streams_) {
    ASSERT_TRUE(stream->WaitFor([](const StreamLog& log) {
      return !log.events.empty() && log.events.back().data == "end";
    })) << stream->Log().Describe();
  }
  traffic_->Verify(streams_, ended_, may_be_forgotten);
  ReportFault(fault, traffic_->Describe(), GapsTold(), until_well);
}

std::string FaultTest::GapsTold() const {
  std::set<std::string> reasons;
  std::size_t told = 0;
  for (const auto& stream : streams_) {
    bool is_told = false;
    for (const ReceivedEvent& event : stream->Log().events) {
      if (event.event != "sluice.gap") continue;
      reasons.insert(JsonField(event.data, "reason"));
      is_told = true;
    }
    told += is_told ? 1 : 0;
  }
  if (told == 0) return "every event";
  return absl::StrCat("gap ", absl::StrJoin(reasons, ", "), " on ", told, " of ", streams_.size());
}

void FaultTest::WaitForResult(const std::string& result) {
  const std::size_t before = traffic_->count(result);
  EXPECT_TRUE(Eventually([&] { return traffic_->count(result) > before; })) << result;
}

}  // namespace sluice::tests
