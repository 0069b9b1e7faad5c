#include "tests/integration/cluster/faults/traffic.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/integration/server_fixture.h"

namespace sluice::tests {
namespace {

// What the data of traffic begins with; tests send other events besides.
constexpr char kOwnEvent[] = "caller ";

std::string CodeName(grpc::StatusCode code) {
  if (code == grpc::UNAVAILABLE) return "UNAVAILABLE";
  if (code == grpc::DEADLINE_EXCEEDED) return "DEADLINE_EXCEEDED";
  return absl::StrCat("code ", static_cast<int>(code));
}

// Numbers compare within an epoch.
struct Number {
  std::string epoch;
  std::string sequence;
};

Number NumberOf(const std::string& id) {
  const std::size_t dash = id.find('-');
  return {id.substr(0, dash), id.substr(dash + 1)};
}

// Where a stream was told that it may have missed something.
struct Gap {
  Number from;
  Number to;

  bool Covers(const Number& number) const {
    const bool is_after = number.epoch != from.epoch || number.sequence > from.sequence;
    const bool is_before = number.epoch != to.epoch || number.sequence <= to.sequence;
    return (number.epoch == from.epoch || number.epoch == to.epoch) && is_after && is_before;
  }
};

struct Received {
  std::set<std::string> data;
  std::vector<Gap> gaps;
};

// What the stream got, checked for doubles and order on the way.
Received Read(const EventStream& stream) {
  Received received;
  Number last;
  for (const ReceivedEvent& event : stream.Log().events) {
    if (event.id.has_value()) {
      const Number number = NumberOf(*event.id);
      EXPECT_TRUE(number.epoch != last.epoch || number.sequence > last.sequence)
          << *event.id << " after " << last.sequence;
      last = number;
    }
    if (event.event == "sluice.gap") {
      received.gaps.push_back(
          {NumberOf(JsonField(event.data, "from")), NumberOf(JsonField(event.data, "to"))});
    } else if (event.data.rfind(kOwnEvent, 0) == 0) {
      EXPECT_TRUE(received.data.insert(event.data).second) << event.data << " came twice";
    }
  }
  return received;
}

}  // namespace

Traffic::Traffic(const std::vector<std::string>& grpc_addresses) {
  for (std::size_t i = 0; i < grpc_addresses.size(); ++i) {
    answered_.push_back(std::make_unique<Watched<std::vector<Answered>>>());
  }
  for (std::size_t i = 0; i < grpc_addresses.size(); ++i) {
    callers_.emplace_back([this, i, address = grpc_addresses[i]] { Run(i, address); });
  }
}

void Traffic::Run(std::size_t caller, const std::string& address) {
  const auto stub = NewControlStub(address);
  for (int i = 0; !is_stopping_; ++i) {
    v1::BroadcastRequest request;
    request.mutable_event()->set_data(absl::StrCat(kOwnEvent, caller, " event ", i));
    v1::BroadcastResponse response;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(3));
    const grpc::Status status = stub->Broadcast(&context, request, &response);
    Answered answered;
    answered.data = request.event().data();
    answered.result =
        status.ok() ? "OK" : absl::StrCat(CodeName(status.error_code()), " ", ErrorReason(status));
    answered.event_id = response.delivery().event_id();
    answered.connections = response.delivery().connections();
    answered.unconfirmed = response.delivery().unconfirmed_replicas();
    answered_[caller]->Update([&](auto& all) { all.push_back(answered); });
    // A refused call is answered at once; nobody calls again without a rest.
    if (!status.ok()) {
      answered_[caller]->WaitFor([](const auto&) { return false; }, absl::Milliseconds(20));
    }
  }
}

void Traffic::WaitForCalls(int count) {
  for (const auto& answered : answered_) {
    const std::size_t before = answered->Copy().size();
    EXPECT_TRUE(answered->WaitFor(
        [&](const auto& all) { return all.size() >= before + static_cast<std::size_t>(count); },
        kPatience))
        << "calls were not answered";
  }
}

void Traffic::Stop() {
  is_stopping_ = true;
  for (std::thread& caller : callers_) {
    if (caller.joinable()) caller.join();
  }
}

std::vector<Traffic::Answered> Traffic::All() const {
  std::vector<Answered> all;
  for (const auto& answered : answered_) {
    const auto part = answered->Copy();
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

std::size_t Traffic::count(const std::string& result) const {
  std::size_t count = 0;
  for (const Answered& answered : All()) count += answered.result == result ? 1 : 0;
  return count;
}

std::string Traffic::Describe() const {
  std::map<std::string, int> results;
  int unconfirmed = 0;
  for (const Answered& answered : All()) {
    ++results[answered.result];
    unconfirmed += answered.unconfirmed > 0 ? 1 : 0;
  }
  std::string text;
  for (const auto& [result, count] : results) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", result, " ", count);
  }
  if (unconfirmed > 0) absl::StrAppend(&text, "; unconfirmed_replicas > 0 in ", unconfirmed);
  return text;
}

void Traffic::Verify(const std::vector<std::shared_ptr<EventStream>>& streams,
                     const std::vector<std::shared_ptr<EventStream>>& ended,
                     bool may_be_forgotten) const {
  std::vector<Received> all_received;
  for (const auto& stream : streams) all_received.push_back(Read(*stream));
  std::vector<Received> received_before_the_end;
  for (const auto& stream : ended) received_before_the_end.push_back(Read(*stream));
  for (const Answered& answered : All()) {
    std::int64_t got = 0;
    for (const Received& received : received_before_the_end) {
      got += received.data.contains(answered.data) ? 1 : 0;
    }
    for (const Received& received : all_received) {
      const bool has_it = received.data.contains(answered.data);
      got += has_it ? 1 : 0;
      if (answered.result != "OK" || has_it) continue;
      bool is_told = false;
      for (const Gap& gap : received.gaps) is_told |= gap.Covers(NumberOf(answered.event_id));
      EXPECT_TRUE(is_told) << answered.data << " (" << answered.event_id
                           << ") was missed and no gap told";
    }
    if (answered.result == "UNAVAILABLE NOT_SENT") {
      EXPECT_EQ(got, 0) << answered.data << " arrived";
    }
    if (answered.result != "OK") continue;
    EXPECT_LE(answered.connections, got) << answered.data << " claims too much";
    if (answered.unconfirmed == 0 && !may_be_forgotten) {
      EXPECT_EQ(answered.connections, got) << answered.data;
    }
  }
}

}  // namespace sluice::tests
