// What a webhook answers: its first two bytes are the status, the rest is the body.
#include <cstddef>
#include <cstdint>
#include <string>

#include "edge/base/check.h"
#include "edge/door/fetch/http_url.h"
#include "edge/door/fetch/jwks_source.h"
#include "edge/door/webhook_answer.h"
#include "edge/names/text_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 2, size - 2);
  const unsigned status = 100 + (data[0] * 256U + data[1]) % 500;
  const auto answer =
      sluice::ReadWebhookAnswer({.status = status, .body = body}, absl::UnixEpoch());
  if (answer.ok()) {
    if (const auto* admission = std::get_if<sluice::Admission>(&*answer)) {
      const std::string& id = admission->client_id;
      SLUICE_CHECK(id.empty() || sluice::CheckName(id).ok());
      SLUICE_CHECK(admission->groups.size() <= sluice::kGroupsMax);
      SLUICE_CHECK(admission->expires > absl::UnixEpoch());
    } else {
      SLUICE_CHECK(sluice::IsValidUtf8(std::get<sluice::Denial>(*answer).error.message));
    }
  }
  static_cast<void>(sluice::ParseHttpUrl(body));
  SLUICE_CHECK(sluice::MaxAge(body, absl::Seconds(1)) >= absl::ZeroDuration());
  return 0;
}
