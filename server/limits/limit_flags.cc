#include "server/limits/limit_flags.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "edge/http/acceptor.h"

namespace sluice {
namespace {

// Files besides streams and handshakes: listeners, gRPC and admin connections, logs.
constexpr std::size_t kFilesReserved = 128;
// Smaller outboxes could refuse a single large event. (One of nothing but line ends grows sevenfold
// on the wire and may still be refused.)
constexpr std::size_t kOutboxBytesMin = std::size_t{128} << 10;

void ReadConnectionLimits(const FlagValues& values, FlagReader& reader, EdgeOptions& edge) {
  const std::size_t files = RaiseFileLimit();
  edge.handshakes_max = std::clamp<std::size_t>(files / 16, 64, 4096);
  const std::size_t reserved = kFilesReserved + edge.handshakes_max;
  const std::size_t streams_max = files > 2 * reserved ? files - reserved : files / 2;
  edge.connections_max =
      values.connections_max.empty()
          ? streams_max
          : reader.Number("max-connections", values.connections_max, 1, streams_max);
  if (values.overload_response == "503") {
    edge.overload = EdgeOptions::Overload::k503;
  } else if (values.overload_response != "retry") {
    reader.Fail("overload-response",
                absl::StrCat("is `", values.overload_response, "`; expected `retry` or `503`"));
  }
}

// 0: no limit.
void ReadStreamLimits(const FlagValues& values, FlagReader& reader, EdgeOptions& edge) {
  constexpr std::size_t kMax = 10'000'000;
  StreamLimits::Options& limits = edge.limits;
  limits.per_address_max = reader.Number("max-per-ip", values.per_ip_max, 0, kMax);
  limits.per_client_max = reader.Number("max-per-client", values.per_client_max, 0, kMax);
  limits.per_group_max = reader.Number("max-per-group", values.per_group_max, 0, kMax);
  limits.begins_per_second_max =
      static_cast<double>(reader.Number("max-connect-rate", values.connect_rate_max, 0, kMax));
  limits.replaces_oldest = values.per_client_overflow == "replace";
  if (!limits.replaces_oldest && values.per_client_overflow != "refuse") {
    reader.Fail("per-client-overflow", absl::StrCat("is `", values.per_client_overflow,
                                                    "`; expected `replace` or `refuse`"));
  }
  std::vector<AddressRange> proxies;
  for (const std::string& text : values.trusted_proxies) {
    proxies.push_back(reader.Take("trusted-proxy", AddressRange::Parse(text)));
  }
  edge.trusted_proxies = TrustedProxies(std::move(proxies));
}

void ReadSlowConsumer(const FlagValues& values, FlagReader& reader, EdgeOptions& edge) {
  if (values.slow_consumer == "disconnect") {
    edge.slow_consumer = SlowConsumer::kDisconnect;
  } else if (values.slow_consumer == "drop-oldest") {
    edge.slow_consumer = SlowConsumer::kDropOldest;
  } else if (values.slow_consumer == "drop-newest") {
    edge.slow_consumer = SlowConsumer::kDropNewest;
  } else {
    reader.Fail("slow-consumer",
                absl::StrCat("is `", values.slow_consumer,
                             "`; expected `disconnect`, `drop-oldest` or `drop-newest`"));
  }
}

}  // namespace

void ReadLimitFlags(const FlagValues& values, FlagReader& reader, EdgeOptions& edge) {
  ReadConnectionLimits(values, reader, edge);
  ReadStreamLimits(values, reader, edge);
  edge.outbox_bytes_max = reader.Take("outbox-bytes", ParseSize(values.outbox_bytes));
  if (edge.outbox_bytes_max < kOutboxBytesMin) {
    reader.Fail("outbox-bytes", absl::StrCat("is ", values.outbox_bytes, "; expected at least ",
                                             kOutboxBytesMin >> 10, "KiB"));
  }
  edge.outbox_total_bytes_max =
      reader.Take("outbox-total-bytes", ParseSizeOrShare(values.outbox_total_bytes, MemoryLimit()));
  if (reader.status().ok() && edge.outbox_total_bytes_max < edge.outbox_bytes_max) {
    reader.Fail(
        "outbox-total-bytes",
        absl::StrCat("is ", values.outbox_total_bytes, "; expected at least --outbox-bytes (",
                     values.outbox_bytes, "), or no stream could use its own"));
  }
  ReadSlowConsumer(values, reader, edge);
  edge.write_timeout = reader.DurationFrom("write-timeout", values.write_timeout,
                                           absl::Milliseconds(100), absl::Hours(1));
}

}  // namespace sluice
