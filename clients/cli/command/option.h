// clients/cli/command/option.h
#pragma once

#include <CLI/CLI.hpp>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

// What several commands do with CLI11 in the same way.
namespace sluice::cli {

// An option that takes a duration such as 10s.
CLI::Option* AddDuration(CLI::App& app, const std::string& name,
                         std::optional<absl::Duration>& value, const std::string& description);

// The duration as a field of a request.
void SetDuration(absl::Duration duration, google::protobuf::Duration& field);

// An option of the form KEY=VALUE that may be given several times.
CLI::Option* AddKeyValues(CLI::App& app, const std::string& name,
                          google::protobuf::Map<std::string, std::string>& values,
                          const std::string& description);

// An option that takes one of a few words.
template <typename Value>
CLI::Option* AddChoice(CLI::App& app, const std::string& name,
                       const std::vector<std::pair<std::string, Value>>& choices, Value& value,
                       const std::string& description) {
  std::string words;
  for (const auto& [word, unused] : choices) words += (words.empty() ? "" : "|") + word;
  const auto choose = [choices, words, name, &value](const std::string& text) {
    for (const auto& [word, chosen] : choices) {
      if (word != text) continue;
      value = chosen;
      return;
    }
    throw CLI::ValidationError(name, "'" + text + "' is none of " + words);
  };
  return app.add_option_function<std::string>(name, choose, description)->type_name(words);
}

// Text for the end of a command's help.
void AddExamples(CLI::App& app, const std::string& examples);

}  // namespace sluice::cli
