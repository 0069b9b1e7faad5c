#pragma once

#include "tests/tidy/source/source_file.h"

namespace sluice::tidy {

// Includes follow the layers: edge knows nothing of gRPC, protobuf, Redis and the layers above;
// edge/base only the standard library and Abseil; control neither server nor clients; clients only
// proto and themselves; and nothing outside tests/ includes tests/.
Violations CheckIncludeDirection(const SourceFile& file);

// Our own headers are included from the repository root and in quotes, other people's in angle
// brackets. What protoc generates may stand in either.
Violations CheckIncludeForm(const SourceFile& file);

// Every header says `#pragma once`.
Violations CheckPragmaOnce(const SourceFile& file);

}  // namespace sluice::tidy
