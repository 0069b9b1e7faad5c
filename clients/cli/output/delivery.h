// clients/cli/output/delivery.h
#pragma once

#include <sluice/v1/event.pb.h>

#include <string>

namespace sluice::cli {

// One line such as "event_id lq3…-17  connections 1  dropped 0  replicas 1"; "connections
// unconfirmed" where the answer did not say.
std::string DeliveryLine(const v1::Delivery& delivery);

}  // namespace sluice::cli
