#pragma once

#include <string>
#include <vector>

#include "tests/tidy/source/source_file.h"

namespace sluice::tidy {

// A file has at most 400 lines. Held to: sources and scripts, not prose, data and lock files.
Violations CheckFileLength(const SourceFile& file);

// A C++ function has at most 70 lines, from the first of its head to its closing brace.
Violations CheckFunctionLength(const SourceFile& file);

// A line of C++ has at most 100 columns; a column is a UTF-8 code point.
Violations CheckLineWidth(const SourceFile& file);

// A folder holds at most 12 C++ files, sources and headers together; subfolders count apart.
Violations CheckFolderSize(const std::vector<std::string>& paths);

}  // namespace sluice::tidy
