#include "control/message/trace_context.h"

namespace sluice {
namespace {

// VERSION-TRACE_ID-PARENT_ID-FLAGS, in digits.
constexpr std::size_t kVersionLength = 2;
constexpr std::size_t kTraceIdLength = 32;
constexpr std::size_t kParentIdLength = 16;
constexpr std::size_t kFlagsLength = 2;
constexpr std::size_t kLength =
    kVersionLength + 1 + kTraceIdLength + 1 + kParentIdLength + 1 + kFlagsLength;

bool IsHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsZero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

std::string TraceIdOf(std::string_view traceparent) {
  if (traceparent.size() < kLength) return "";
  const std::string_view version = traceparent.substr(0, kVersionLength);
  const std::string_view trace_id = traceparent.substr(kVersionLength + 1, kTraceIdLength);
  const std::string_view parent_id =
      traceparent.substr(kVersionLength + kTraceIdLength + 2, kParentIdLength);
  const std::string_view flags = traceparent.substr(kLength - kFlagsLength, kFlagsLength);
  const bool has_dashes = traceparent[kVersionLength] == '-' &&
                          traceparent[kVersionLength + kTraceIdLength + 1] == '-' &&
                          traceparent[kLength - kFlagsLength - 1] == '-';
  if (!has_dashes || !IsHex(version) || !IsHex(trace_id) || !IsHex(parent_id) || !IsHex(flags)) {
    return "";
  }
  if (version == "ff" || IsZero(trace_id) || IsZero(parent_id)) return "";
  // Later versions may have more behind a dash; the first has nothing.
  if (traceparent.size() > kLength && (version == "00" || traceparent[kLength] != '-')) return "";
  return std::string(trace_id);
}

std::string TraceIdOf(const grpc::ServerContext& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("traceparent");
  if (found == metadata.end()) return "";
  return TraceIdOf(std::string_view(found->second.data(), found->second.size()));
}

}  // namespace sluice
