#include "edge/door/group_pattern.h"

#include <cstddef>

namespace sluice {

bool FitsPattern(std::string_view name, std::string_view pattern) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t at_name = 0;
  std::size_t at_pattern = 0;
  // The last star, and where the name went on behind what it stands for.
  std::size_t star = kNone;
  std::size_t resume = 0;
  while (at_name < name.size()) {
    if (at_pattern < pattern.size() && pattern[at_pattern] == '*') {
      star = at_pattern++;
      resume = at_name;
    } else if (at_pattern < pattern.size() && pattern[at_pattern] == name[at_name]) {
      ++at_pattern;
      ++at_name;
    } else if (star != kNone) {  // The last star stands for one byte more.
      at_pattern = star + 1;
      at_name = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at_pattern) == kNone;
}

}  // namespace sluice
