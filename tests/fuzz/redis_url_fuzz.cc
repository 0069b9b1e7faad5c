// --redis-url: what an operator or a tool may have written. A password must show up nowhere.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "control/backplane/redis/link/redis_url.h"
#include "edge/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto url = sluice::ParseRedisUrl(text);
  const std::string masked = sluice::MaskRedisUrl(text);
  if (!url.ok()) {
    SLUICE_CHECK(masked == "***");
    return 0;
  }
  SLUICE_CHECK(!url->addresses.empty());
  for (const auto& address : url->addresses)
    SLUICE_CHECK(!address.host.empty() && address.port > 0);
  // What is masked can be read again, and its password is the mask.
  const auto again = sluice::ParseRedisUrl(masked);
  SLUICE_CHECK(again.ok() && again->Hosts() == url->Hosts() && again->user == url->user);
  SLUICE_CHECK(again->password == "***" || (url->password.empty() && again->password.empty()));
  return 0;
}
