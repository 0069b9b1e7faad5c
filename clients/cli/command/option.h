// clients/cli/command/option.h
#pragma once

#include <CLI/CLI.hpp>
#include <absl/time/time.h>

#include <optional>
#include <string>

// What several commands do with CLI11 in the same way.
namespace sluice::cli {

// An option that takes a duration such as 10s.
CLI::Option* AddDuration(CLI::App& app, const std::string& name,
                         std::optional<absl::Duration>& value, const std::string& description);

// Text for the end of a command's help.
void AddExamples(CLI::App& app, const std::string& examples);

}  // namespace sluice::cli
