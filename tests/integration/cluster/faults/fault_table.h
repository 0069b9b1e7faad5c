#pragma once

#include <absl/time/time.h>

#include <string>

namespace sluice::tests {

// Writes one row of the table of faults in docs/cluster.md, which `./dev test cluster` prints: what
// happened, what callers saw, what streams saw, and how long it took from the fault (or its end,
// where `until_well` is counted from that) until all was well.
void ReportFault(const std::string& fault, const std::string& callers, const std::string& streams,
                 absl::Duration until_well);

}  // namespace sluice::tests
