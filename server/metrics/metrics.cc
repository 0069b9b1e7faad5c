#include "server/metrics/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <limits>
#include <utility>

#include "edge/sse/server_events.h"

namespace sluice {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Label = ClientMetric::Label;

constexpr std::array<const char*, static_cast<std::size_t>(RefusedFor::kCount)> kRefusedNames = {
    "drain",         "max_connections",  "max_per_ip",    "max_per_client",
    "max_per_group", "max_connect_rate", "blocked_client"};
constexpr std::array<const char*, static_cast<std::size_t>(DoorResult::kCount)> kDoorNames = {
    "admitted", "denied", "unavailable"};
constexpr std::array<const char*, RpcCounts::kCodes> kCodeNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

// The families in the order in which they are added.
class Families {
 public:
  void Gauge(const char* name, const char* help, double value, std::vector<Label> labels = {}) {
    ClientMetric& metric = Add(name, help, MetricType::Gauge, std::move(labels));
    metric.gauge.value = value;
  }
  template <typename Number>
  void Counter(const char* name, const char* help, Number value, std::vector<Label> labels = {}) {
    ClientMetric& metric = Add(name, help, MetricType::Counter, std::move(labels));
    metric.counter.value = static_cast<double>(value);
  }
  void Histogram(const char* name, const char* help, const DurationCounts& durations,
                 std::vector<Label> labels = {}) {
    ClientMetric& metric = Add(name, help, MetricType::Histogram, std::move(labels));
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < durations.counts().size(); ++i) {
      sum += durations.counts()[i];
      const bool is_last = i == DurationCounts::kBounds.size();
      metric.histogram.bucket.push_back(
          {sum, is_last ? std::numeric_limits<double>::infinity() : DurationCounts::kBounds[i]});
    }
    metric.histogram.sample_count = sum;
    metric.histogram.sample_sum = durations.sum_s();
  }

  const std::vector<MetricFamily>& all() const { return families_; }

 private:
  ClientMetric& Add(const char* name, const char* help, MetricType type,
                    std::vector<Label> labels) {
    if (families_.empty() || families_.back().name != name) {
      families_.push_back({name, help, type, {}});
    }
    ClientMetric& metric = families_.back().metric.emplace_back();
    metric.label = std::move(labels);
    return metric;
  }

  std::vector<MetricFamily> families_;
};

void AddStreams(const MetricsSnapshot& snapshot, Families& families) {
  const EdgeCounts& edge = snapshot.edge;
  families.Gauge("sluice_connections", "Open event streams.",
                 static_cast<double>(snapshot.connections));
  families.Gauge("sluice_connections_max", "Most event streams at a time (--max-connections).",
                 static_cast<double>(snapshot.connections_max));
  families.Counter("sluice_connections_opened_total", "Event streams that were let in.",
                   edge.opened);
  for (std::size_t i = 0; i < edge.closed.size(); ++i) {
    families.Counter("sluice_connections_closed_total", "Event streams that ended, by reason.",
                     edge.closed[i],
                     {{"reason", std::string(EndReasonName(static_cast<EndReason>(i)))}});
  }
  for (std::size_t i = 0; i < edge.refused.size(); ++i) {
    families.Counter("sluice_connections_rejected_total",
                     "Event streams for which there was no room, by the limit.", edge.refused[i],
                     {{"reason", kRefusedNames[i]}});
  }
  for (std::size_t i = 0; i < edge.door.size(); ++i) {
    families.Counter("sluice_door_answers_total",
                     "What JWT or the webhook said of event streams, by result.", edge.door[i],
                     {{"result", kDoorNames[i]}});
  }
}

void AddEvents(const MetricsSnapshot& snapshot, Families& families) {
  const EdgeCounts& edge = snapshot.edge;
  families.Counter("sluice_events_delivered_total",
                   "Live events that entered a stream's outbox, once a stream.", edge.delivered);
  families.Counter("sluice_events_delivered_bytes_total", "Their bytes, without TLS.",
                   edge.delivered_bytes);
  families.Counter("sluice_deliveries_dropped_total",
                   "Live events that a stream refused or was ended over (Delivery.dropped).",
                   edge.dropped);
  const char* kDropped = "sluice_events_dropped_total";
  const char* kDroppedHelp = "Events that waited for a slow stream and never went out, by reason.";
  families.Counter(kDropped, kDroppedHelp, edge.outbox.pushed_out, {{"reason", "drop_oldest"}});
  families.Counter(kDropped, kDroppedHelp, edge.outbox.refused, {{"reason", "drop_newest"}});
  families.Counter(kDropped, kDroppedHelp, edge.outbox.expired, {{"reason", "expired"}});
  families.Counter(kDropped, kDroppedHelp, edge.outbox.conflated, {{"reason", "conflated"}});
  families.Gauge("sluice_outbox_bytes", "What waits for slow streams.",
                 static_cast<double>(snapshot.queued_bytes));
  families.Gauge("sluice_outbox_bytes_max", "Most that may wait (--outbox-total-bytes).",
                 static_cast<double>(snapshot.queued_bytes_max));
  families.Histogram(
      "sluice_event_delivery_seconds",
      "From an event's arrival at this replica until the streams of a shard have it.",
      edge.fan_out);
}

void AddCluster(const MetricsSnapshot& snapshot, Families& families) {
  const ClusterCounts& cluster = snapshot.cluster;
  families.Gauge("sluice_ready", "1: new streams are welcome (/readyz).",
                 snapshot.is_ready ? 1 : 0);
  families.Gauge("sluice_backplane_up", "1: a message came back through the backplane just now.",
                 snapshot.backplane.is_ok ? 1 : 0);
  families.Gauge("sluice_backplane_probe_age_seconds",
                 "Since a message last came back through the backplane.",
                 absl::ToDoubleSeconds(snapshot.backplane.age));
  families.Counter("sluice_backplane_published_total", "Messages given to the backplane.",
                   cluster.published);
  families.Counter("sluice_backplane_received_total", "Messages that came from the backplane.",
                   cluster.received);
  families.Counter("sluice_backplane_interruptions_total",
                   "How often all subscriptions were void and had to be made anew.",
                   cluster.interruptions);
  families.Gauge("sluice_replicas", "Replicas that are known, this one included.",
                 static_cast<double>(cluster.replicas));
  families.Counter("sluice_resumes_total",
                   "Event streams that came back and got all that they had missed.",
                   cluster.resumed);
  for (const char* reason : {"trimmed", "epoch_changed", "unknown_id"}) {
    const auto found = cluster.gaps.find(reason);
    families.Counter("sluice_gaps_total",
                     "Gaps that event streams were told when they came back, by reason.",
                     found == cluster.gaps.end() ? 0 : found->second, {{"reason", reason}});
  }
  families.Gauge("sluice_resume_cache_bytes", "Newest events kept in process for resume.",
                 static_cast<double>(cluster.resume_cache_bytes));
  if (snapshot.has_good_keys.has_value()) {
    families.Gauge("sluice_jwks_up", "1: the keys of --jwks-url were fetched.",
                   *snapshot.has_good_keys ? 1 : 0);
  }
}

void AddRpcs(const MetricsSnapshot& snapshot, Families& families) {
  for (const RpcCounts::Totals& rpc : snapshot.rpcs) {
    for (std::size_t code = 0; code < rpc.by_code.size(); ++code) {
      // OK is told from the start, so that a rate can be made of it.
      if (code > 0 && rpc.by_code[code] == 0) continue;
      families.Counter("sluice_rpcs_total",
                       "Calls that were answered, by method and code; entries of Publish each.",
                       rpc.by_code[code], {{"method", rpc.method}, {"code", kCodeNames[code]}});
    }
  }
  for (const RpcCounts::Totals& rpc : snapshot.rpcs) {
    families.Histogram("sluice_rpc_duration_seconds",
                       "From a call's arrival to its answer; a confirmed publish is answered when "
                       "the event is in the streams' outboxes.",
                       rpc.durations, {{"method", rpc.method}});
  }
}

void AddProcess(const MetricsSnapshot& snapshot, Families& families) {
  const ProcessFigures& process = snapshot.process;
  families.Gauge("sluice_build_info", "The version in its label.", 1,
                 {{"version", snapshot.version}});
  families.Counter("process_cpu_seconds_total", "User and system time.", process.cpu_seconds);
  families.Gauge("process_resident_memory_bytes", "Resident memory.", process.resident_bytes);
  families.Gauge("process_virtual_memory_bytes", "Virtual memory.", process.virtual_bytes);
  families.Gauge("process_open_fds", "Open files.", process.open_files);
  families.Gauge("process_max_fds", "Most open files.", process.open_files_max);
  families.Gauge("process_start_time_seconds", "Start of the process, Unix time.",
                 process.start_time_s);
}

}  // namespace

std::string RenderMetrics(const MetricsSnapshot& snapshot) {
  Families families;
  AddStreams(snapshot, families);
  AddEvents(snapshot, families);
  AddCluster(snapshot, families);
  AddRpcs(snapshot, families);
  AddProcess(snapshot, families);
  return prometheus::TextSerializer().Serialize(families.all());
}

}  // namespace sluice
