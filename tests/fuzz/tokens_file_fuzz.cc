// The tokens file: what an operator or a tool may have written.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "control/caller/tokens_file.h"
#include "edge/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto file = sluice::ParseTokensFile(bytes);
  SLUICE_CHECK(file.ok() || !file.status().message().empty());
  if (!file.ok()) return 0;
  for (const auto& token : file->tokens) {
    SLUICE_CHECK(!token.caller->name.empty() && !token.caller->scopes.empty());
  }
  for (const auto& certificate : file->certificates) SLUICE_CHECK(!certificate.san.empty());
  return 0;
}
