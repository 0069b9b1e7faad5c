#pragma once

#include "tests/tidy/source/source_file.h"

namespace sluice::tidy {

// Nothing under tests/ sleeps: time is moved by hand, or another thread or process is awaited with
// a deadline. In scripts a timer may be that deadline, but not a pause.
Violations CheckSleeps(const SourceFile& file);

// None of the usual three marks for work left undone: say it in a sentence, or do it.
Violations CheckOpenEnds(const SourceFile& file);

// No statement in a `//` comment. Only whole statements that end in a semicolon are recognised.
Violations CheckCommentedOutCode(const SourceFile& file);

// No absolute path of a machine on which someone worked.
Violations CheckPrivatePaths(const SourceFile& file);

}  // namespace sluice::tidy
