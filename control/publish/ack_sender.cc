#include "control/publish/ack_sender.h"

#include <boost/asio/post.hpp>

#include <utility>

#include "control/message/envelope.h"

namespace sluice {

AckSender::AckSender(boost::asio::io_context& io_context, std::string replica_id,
                     Backplane& backplane)
    : io_context_(io_context), replica_id_(std::move(replica_id)), backplane_(backplane) {}

void AckSender::Add(const std::string& ack_to, std::uint64_t sequence, FanOutResult result) {
  if (by_replica_.empty()) boost::asio::post(io_context_, [this] { Send(); });
  internal::v1::Ack& ack = *by_replica_[ack_to].add_acks();
  ack.set_sequence(sequence);
  ack.set_entered(result.entered);
  ack.set_dropped(result.dropped);
}

void AckSender::Send() {
  for (auto& [ack_to, acks] : std::exchange(by_replica_, {})) {
    internal::v1::Envelope envelope;
    *envelope.mutable_acks() = std::move(acks);
    envelope.mutable_acks()->set_replica_id(replica_id_);
    backplane_.SendToReplica(ack_to, EncodeEnvelope(std::move(envelope)));
  }
}

}  // namespace sluice
