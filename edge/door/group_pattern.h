#pragma once

#include <string_view>

namespace sluice {

// Whether a group's name fits a pattern of the claim `group_patterns`: `*` stands for any number of
// bytes, everything else for itself. Takes time in proportion to both lengths multiplied at most.
bool FitsPattern(std::string_view name, std::string_view pattern);

}  // namespace sluice
