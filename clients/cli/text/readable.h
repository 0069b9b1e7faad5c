// clients/cli/text/readable.h
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <string_view>

// Turns values into text for a person. What comes from a server is foreign: only what has gone
// through Visible may be written to a terminal.
namespace sluice::cli {

// `text` without anything that a terminal would act on: control characters and those that change
// the direction of writing become escapes such as \n, \x1b and \u202e, malformed UTF-8 U+FFFD.
std::string Visible(std::string_view text);

// The same for a JSON document: what JSON lets through becomes \uXXXX, so that it stays JSON.
std::string VisibleJson(std::string_view json);

// Columns that `text`, which must be Visible, takes on a terminal: wide characters two, combining
// ones none.
int DisplayWidth(std::string_view text);

// `text`, cut so that it takes at most `width_columns`, the last of them an ellipsis then.
std::string Truncate(std::string_view text, int width_columns);

// "just now", "12s ago", "3m ago", "5h ago", "2d ago". What lies in the future, because clocks
// differ, is "just now".
std::string FormatAge(absl::Duration age);

// "85ms", "1.2s", "3m 5s", "2h 4m".
std::string FormatElapsed(absl::Duration elapsed);

// "12,345".
std::string FormatCount(std::int64_t count);

// "512 B", "1.5 KiB", "3.0 MiB".
std::string FormatBytes(std::int64_t size_bytes);

}  // namespace sluice::cli
