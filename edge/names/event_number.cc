#include "edge/names/event_number.h"

#include <absl/strings/str_format.h>

#include <algorithm>
#include <charconv>

#include "edge/names/random_id.h"

namespace sluice {
namespace {

constexpr std::size_t kEpochLength = 8;
constexpr std::size_t kSequenceDigitsMin = 16;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string EventNumber::ToString() const {
  return absl::StrFormat("%s-%016d", absl::string_view(epoch.data(), epoch.size()), sequence);
}

bool EventNumber::HasForm(std::string_view text) {
  if (text.size() < kEpochLength + 1 + kSequenceDigitsMin || text[kEpochLength] != '-')
    return false;
  const std::string_view epoch = text.substr(0, kEpochLength);
  const std::string_view digits = text.substr(kEpochLength + 1);
  return epoch.find_first_not_of(kBase32Alphabet) == std::string_view::npos &&
         std::all_of(digits.begin(), digits.end(), IsDigit);
}

std::optional<EventNumber> EventNumber::Parse(std::string_view text) {
  if (!HasForm(text)) return std::nullopt;
  EventNumber number;
  std::copy_n(text.begin(), kEpochLength, number.epoch.begin());
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data() + kEpochLength + 1, end, number.sequence);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return number;
}

}  // namespace sluice
