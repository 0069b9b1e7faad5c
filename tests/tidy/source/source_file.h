#pragma once

#include <string>
#include <vector>

namespace sluice::tidy {

// A file as the rules see it: its path from the repository root, with slashes, and its bytes.
struct SourceFile {
  std::string path;
  std::string text;
};

// One break of a rule. `line` counts from 1; 0 means that it is about the file as a whole.
struct Violation {
  std::string rule;
  std::string path;
  int line = 0;
  std::string problem;
  std::string remedy;
};

using Violations = std::vector<Violation>;

// True for the files that hold our C++: .h and .cc.
bool IsCppFile(const std::string& path);

// True for code that others wrote and that we keep unchanged; no rule but the top-level one
// applies.
bool IsVendored(const std::string& path);

// The lines without their ends. A final line end does not begin another line.
std::vector<std::string> Lines(const std::string& text);

// True when `word` stands in `text` with no letter, digit or underscore on either side.
bool HasWord(const std::string& text, const std::string& word);

bool StartsWith(const std::string& text, const std::string& prefix);
bool EndsWith(const std::string& text, const std::string& suffix);
std::string Trimmed(const std::string& text);

}  // namespace sluice::tidy
