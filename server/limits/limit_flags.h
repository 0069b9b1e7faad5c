#pragma once

#include "edge/edge_options.h"
#include "server/flag_reader.h"
#include "server/flags.h"

namespace sluice {

// How much streams may take, and what happens to those that want more. Raises the process's limit
// of open files as far as it goes.
void ReadLimitFlags(const FlagValues& values, FlagReader& reader, EdgeOptions& edge);

}  // namespace sluice
