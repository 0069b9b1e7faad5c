#pragma once

#include <regex.h>

#include <string>

namespace sluice::tidy {

// A POSIX extended regular expression, compiled once. <regex> would do, but costs ten times the
// build time and warns under gcc's sanitizers.
// Errors: an expression that does not compile matches nothing.
class Pattern {
 public:
  explicit Pattern(const char* expression);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // True when some part of the text matches.
  bool IsIn(const std::string& text) const;

 private:
  regex_t compiled_ = {};
  bool valid_ = false;
};

}  // namespace sluice::tidy
