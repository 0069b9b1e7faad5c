#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sluice {

// Request headers that callers are shown: names in lower case, and values.
using CapturedHeaders = std::vector<std::pair<std::string, std::string>>;

}  // namespace sluice
