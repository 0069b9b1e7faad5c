#include "tests/tidy/source/pattern.h"

namespace sluice::tidy {

Pattern::Pattern(const char* expression)
    : valid_(regcomp(&compiled_, expression, REG_EXTENDED | REG_NOSUB) == 0) {}

Pattern::~Pattern() {
  if (valid_) regfree(&compiled_);
}

bool Pattern::IsIn(const std::string& text) const {
  return valid_ && regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
}

}  // namespace sluice::tidy
