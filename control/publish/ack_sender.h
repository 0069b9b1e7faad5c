#pragma once

#include <absl/container/flat_hash_map.h>
#include <boost/asio/io_context.hpp>
#include <sluice/internal/v1/envelope.pb.h>

#include <cstdint>
#include <string>

#include "control/backplane/backplane.h"
#include "edge/fan_out/fan_out.h"

namespace sluice {

// Tells other replicas what became of their messages here: all acks of one turn of the loop for one
// replica go in one message.
// Owner:  the publisher.
// Thread: the cluster thread.
class AckSender {
 public:
  AckSender(boost::asio::io_context& io_context, std::string replica_id, Backplane& backplane);

  void Add(const std::string& ack_to, std::uint64_t sequence, FanOutResult result);

 private:
  void Send();

  boost::asio::io_context& io_context_;
  const std::string replica_id_;
  Backplane& backplane_;
  absl::flat_hash_map<std::string, internal::v1::Acks> by_replica_;  // Not sent yet.
};

}  // namespace sluice
