#include "control/backplane/redis/locate/sentinels.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "edge/log/log.h"

namespace sluice {
namespace {

std::optional<RedisAddress> ReadAddress(std::string_view host, std::string_view port) {
  std::uint32_t number = 0;
  if (!absl::SimpleAtoi(absl::string_view(port.data(), port.size()), &number)) return std::nullopt;
  RedisAddress address;
  address.host = std::string(host);
  address.port = static_cast<std::uint16_t>(number);
  return address;
}

constexpr char kSwitched[] = "+switch-master";

RedisUrl UrlOf(const RedisUrl& service, const RedisAddress& sentinel) {
  RedisUrl url;
  url.addresses = {sentinel};
  url.has_tls = service.has_tls;
  return url;
}

}  // namespace

Sentinels::Sentinel::Sentinel(boost::asio::io_context& io_context, const RedisUrl& url,
                              const RedisTlsFiles& tls, RedisLink::Owner& owner)
    : locator(url.addresses.front()),
      questions(io_context, url, tls, "sluice-questions", {}, locator, owner),
      events(io_context, url, tls, "sluice-events", {}, locator, owner) {}

Sentinels::Sentinels(boost::asio::io_context& io_context, const RedisUrl& url, RedisTlsFiles tls,
                     std::function<void(const std::string&)> on_moved)
    : service_(url.service), on_moved_(std::move(on_moved)) {
  for (const RedisAddress& address : url.addresses) {
    sentinels_.push_back(std::make_unique<Sentinel>(io_context, UrlOf(url, address), tls, *this));
  }
}

void Sentinels::Start() {
  for (const auto& sentinel : sentinels_) {
    sentinel->questions.Start();
    sentinel->events.Start();
  }
}

void Sentinels::Stop() {
  for (const auto& sentinel : sentinels_) {
    sentinel->questions.Stop();
    sentinel->events.Stop();
  }
  waiting_.clear();
}

void Sentinels::OnLinkUp(RedisLink& link) {
  for (const auto& sentinel : sentinels_) {
    if (&sentinel->questions == &link) sentinel->has_failed = false;
    if (&sentinel->events != &link) continue;
    link.connection().SetPushHandler([this](const redisReply& push) { OnEvent(push); });
    link.connection().Send({"SUBSCRIBE", kSwitched}, nullptr);
  }
  AskIfReady();
}

void Sentinels::OnLinkDown(RedisLink& link, const std::string& why) {
  Log(spdlog::level::debug, "no connection to a Sentinel", {{"reason", why}});
  for (const auto& sentinel : sentinels_) {
    if (&sentinel->questions == &link) sentinel->has_failed = true;
  }
  AskIfReady();
}

void Sentinels::Find(Found found) {
  waiting_.push_back(std::move(found));
  AskIfReady();
}

void Sentinels::AskIfReady() {
  std::size_t up = 0;
  std::size_t failed = 0;
  for (const auto& sentinel : sentinels_) {
    if (sentinel->questions.is_up()) {
      ++up;
    } else if (sentinel->has_failed) {
      ++failed;
    }
  }
  if (2 * up <= sentinels_.size() && up + failed < sentinels_.size()) return;
  for (Found& found : std::exchange(waiting_, {})) Ask(std::move(found));
}

void Sentinels::Ask(Found found) {
  const auto poll = std::make_shared<Poll>();
  poll->found = std::move(found);
  std::vector<RedisLink*> asked;
  for (const auto& sentinel : sentinels_) {
    if (sentinel->questions.is_up()) asked.push_back(&sentinel->questions);
  }
  poll->missing = asked.size();
  if (asked.empty()) return poll->found(absl::UnavailableError("no Sentinel answers"));
  for (RedisLink* link : asked) {
    link->connection().Send({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", service_},
                            [this, poll](const redisReply* reply) { OnAnswer(*poll, reply); });
  }
}

void Sentinels::OnAnswer(Poll& poll, const redisReply* reply) {
  --poll.missing;
  if (reply != nullptr && ElementsOf(*reply).size() == 2) {
    const auto address =
        ReadAddress(TextOf(*ElementsOf(*reply)[0]), TextOf(*ElementsOf(*reply)[1]));
    if (address.has_value()) {
      ++poll.votes[address->Text()];
      poll.addresses[address->Text()] = *address;
    }
  }
  if (poll.found == nullptr) return;
  // Who most have named is found as soon as the others could not outvote it.
  const auto best =
      std::max_element(poll.votes.begin(), poll.votes.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  const bool is_decided =
      best != poll.votes.end() && 2 * static_cast<std::size_t>(best->second) > sentinels_.size();
  if (!is_decided && poll.missing > 0) return;
  auto found = std::exchange(poll.found, nullptr);
  if (best != poll.votes.end()) {
    found_ = best->first;
    return found(poll.addresses[best->first]);
  }
  found(absl::UnavailableError(absl::StrCat("no Sentinel knows the service `", service_, "`")));
}

void Sentinels::OnEvent(const redisReply& push) {
  const auto elements = ElementsOf(push);
  if (elements.size() != 3 || TextOf(*elements[0]) != "message") return;
  // SERVICE OLD-ADDRESS OLD-PORT NEW-ADDRESS NEW-PORT
  const std::string_view text = TextOf(*elements[2]);
  const std::vector<std::string> words =
      absl::StrSplit(absl::string_view(text.data(), text.size()), ' ');
  if (words.size() != 5 || words[0] != service_) return;
  // Each Sentinel tells of it; those that do later find the links there already.
  const auto address = ReadAddress(words[3], words[4]);
  if (address.has_value() && address->Text() == found_) return;
  on_moved_("the Sentinels have made another server the master");
}

}  // namespace sluice
