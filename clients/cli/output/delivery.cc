// clients/cli/output/delivery.cc
#include "clients/cli/output/delivery.h"

#include <absl/strings/str_cat.h>

#include "clients/cli/text/readable.h"

namespace sluice::cli {

std::string DeliveryLine(const v1::Delivery& delivery) {
  std::string line = absl::StrCat("event_id ", Visible(delivery.event_id()), "  connections ");
  if (delivery.has_connections()) {
    absl::StrAppend(&line, delivery.connections(), "  dropped ", delivery.dropped(), "  replicas ",
                    delivery.replicas());
  } else {
    absl::StrAppend(&line, "unconfirmed");
  }
  if (delivery.unconfirmed_replicas() > 0) {
    absl::StrAppend(&line, "  unconfirmed replicas ", delivery.unconfirmed_replicas());
  }
  if (delivery.replayed()) absl::StrAppend(&line, "  (answer of an earlier call)");
  return line;
}

}  // namespace sluice::cli
