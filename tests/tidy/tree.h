#pragma once

#include <string>
#include <vector>

#include "tests/tidy/source/source_file.h"

namespace sluice::tidy {

// The files under `root` that git tracks, or would with `git add .`, with their text. Sorted.
// Deleted and linked files are left out. Empty when git can't be asked.
std::vector<SourceFile> ReadTree(const std::string& root);

// What every rule says about the files.
Violations CheckTree(const std::vector<SourceFile>& files);

// One line a violation: PATH:LINE: [RULE] PROBLEM; REMEDY.
std::string Describe(const Violations& violations);

}  // namespace sluice::tidy
