#pragma once

#include <string>

#include "tests/tidy/source/source_file.h"

namespace sluice::tidy {

// No file or folder is called util, helper, manager, common or impl, nor has such a word in its
// name: it says what the thing does.
Violations CheckNames(const std::string& path);

// Only the folders and files that the layout knows stand at the top; names with a dot in front are
// tools' settings and free.
Violations CheckTopLevel(const std::string& path);

}  // namespace sluice::tidy
