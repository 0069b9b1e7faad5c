#pragma once

#include <string>

namespace sluice::tidy {

// C++ source taken apart into what is code and what is said about it. Both texts have the length
// and the line ends of the original, so that an offset or a line number means the same in all
// three; what belongs to the other text is blanked.
struct MaskedSource {
  // Without comments, and with the contents of string and character literals blanked. Preprocessor
  // lines are kept.
  std::string code;
  // The comments alone, with their slashes and stars.
  std::string comments;
};

// Knows line and block comments, string, character and raw string literals, and digit separators.
// Does not know trigraphs, nor comments continued by a backslash.
MaskedSource MaskSource(const std::string& text);

}  // namespace sluice::tidy
