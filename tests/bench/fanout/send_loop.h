#pragma once

#include "tests/bench/measure/worker.h"

namespace sluice::bench {

// A worker that does nothing but what no server can do without: one send() a connection. Commands:
//   listen                 answers with the port
//   accept COUNT           takes COUNT connections and begins their streams
//   frame HEX              the bytes of one event, as Sluice wrote them
//   run EVENTS PER_CALL    sends EVENTS events to each connection, PER_CALL in a call, each with
//   the
//                          time in it; answers with the calls that the kernel did not take at once
Worker StartSendLoop();

}  // namespace sluice::bench
