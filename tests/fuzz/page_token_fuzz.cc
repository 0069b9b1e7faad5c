// Page tokens, which callers bring back or make up.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "control/request/page_token.h"
#include "edge/base/check.h"
#include "edge/names/text_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::uint64_t filter = sluice::StableHash("filter");
  static_cast<void>(sluice::DecodePageToken(text, filter));
  // Any id comes back from its own token, and from no other list's.
  if (!sluice::CheckName(text).ok()) return 0;
  const std::string token = sluice::EncodePageToken(text, filter);
  const auto last_id = sluice::DecodePageToken(token, filter);
  SLUICE_CHECK(last_id.ok() && *last_id == text);
  SLUICE_CHECK(!sluice::DecodePageToken(token, filter + 1).ok());
  return 0;
}
