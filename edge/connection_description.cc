#include "edge/connection_description.h"

#include <sstream>
#include <utility>

#include "edge/fan_out/audience_index.h"
#include "edge/session/session.h"

namespace sluice {

ConnectionDescription Describe(Session& session) {
  const SessionIdentity& identity = session.identity();
  std::ostringstream remote_address;
  if (identity.remote_endpoint.port() == 0) {
    remote_address << identity.remote_endpoint.address();  // As a proxy told it.
  } else {
    remote_address << identity.remote_endpoint;
  }
  std::vector<std::string> groups = session.is_joining() ? identity.groups : GroupsOf(session);
  return {session.id(),
          identity.connect_time,
          remote_address.str(),
          identity.user_agent,
          std::move(groups),
          session.queued_cost(),
          session.delivered_count(),
          identity.headers == nullptr ? CapturedHeaders() : *identity.headers};
}

}  // namespace sluice
