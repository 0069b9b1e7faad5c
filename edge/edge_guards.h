#pragma once

#include "edge/door/stream_door.h"
#include "edge/http/blocked_clients.h"
#include "edge/tls/tls_identity.h"

namespace sluice {

// What stands before the streams. All outlive the edge.
struct EdgeGuards {
  StreamDoor* door = nullptr;               // Null: what requests say is believed.
  const TlsIdentity* tls = nullptr;         // Null: without TLS.
  const BlockedClients* blocked = nullptr;  // Null: nobody is.
};

}  // namespace sluice
