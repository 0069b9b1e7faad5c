#include "tests/control/resume/simulation/simulated_page.h"

#include <algorithm>

namespace sluice::tests {

void SimulatedPage::Connect(SimulatedReplica& replica) {
  replica_ = &replica;
  const int stream = ++stream_;
  is_first_frame_ = true;
  std::optional<std::string> last_id;
  if (last_id_.has_value()) last_id = last_id_->ToString();
  connection_ = replica.Accept(client_id_, groups_, last_id, [this, stream](PageFrame frame) {
    last_arrival_ = std::max(last_arrival_, time_.now() + time_.Between(0.0003, 0.01));
    time_.After(last_arrival_ - time_.now(), [this, stream, frame] { Receive(stream, frame); });
  });
}

void SimulatedPage::Receive(int stream, const PageFrame& frame) {
  if (stream != stream_ || replica_ == nullptr) return;
  log_.push_back({frame, last_id_, std::exchange(is_first_frame_, false), time_.now()});
  if (frame.id.has_value()) last_id_ = frame.id;
}

void SimulatedPage::Cut() {
  if (replica_ == nullptr) return;
  replica_->Close(connection_);
  Lose();
}

void SimulatedPage::Lose() {
  replica_ = nullptr;
  ++stream_;
}

bool SimulatedPage::IsFor(const std::string& channel) const {
  return channel == "all" || channel == "client:" + client_id_ ||
         std::any_of(groups_.begin(), groups_.end(),
                     [&](const std::string& group) { return channel == "group:" + group; });
}

}  // namespace sluice::tests
