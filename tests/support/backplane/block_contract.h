#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/backplane/backplane_contract.h"

// What every Backplane must do for clients that are blocked. Its drivers are BackplaneContract's.

namespace sluice::tests {

template <typename Driver>
class BlockContract : public BackplaneContract<Driver> {};

TYPED_TEST_SUITE_P(BlockContract);

TYPED_TEST_P(BlockContract, KeepsWhoIsBlockedForTheTime) {
  this->Subscribe(ClientChannel("ada"));
  const auto blocked = [this] {
    std::optional<absl::StatusOr<std::vector<Backplane::Blocked>>> answer;
    this->backplane().ReadBlocked([&](auto read) { answer = std::move(read); });
    this->driver_.Settle([&] { return answer.has_value(); });
    EXPECT_TRUE(answer->ok()) << answer->status();
    return **answer;
  };
  const auto block = [this](const std::string& client_id, absl::Duration duration) {
    std::optional<Backplane::PublishedOr> answer;
    this->backplane().BlockClient(client_id, duration, "told",
                                  [&](auto published) { answer = std::move(published); });
    this->driver_.Settle([&] { return answer.has_value(); });
    EXPECT_TRUE(answer->ok()) << answer->status();
  };
  EXPECT_TRUE(blocked().empty());
  block("ada", absl::Minutes(5));
  block("bob", absl::Minutes(1));
  block("ada", absl::Minutes(2));
  ASSERT_EQ(blocked().size(), 2U);
  for (const auto& [client_id, left] : blocked()) {
    const absl::Duration expected = client_id == "ada" ? absl::Minutes(2) : absl::Minutes(1);
    EXPECT_LE(left, expected + absl::Milliseconds(1));
    EXPECT_GT(left, expected - absl::Seconds(10));
  }
  this->driver_.Settle([&] { return this->listener_.messages.size() >= 2; });
  EXPECT_EQ(this->listener_.messages[0].payload, "told");
}

REGISTER_TYPED_TEST_SUITE_P(BlockContract, KeepsWhoIsBlockedForTheTime);

}  // namespace sluice::tests
