#include "clients/cli/completion/candidates.h"

#include <absl/strings/match.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace sluice::cli {
namespace {

bool TakesValue(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

// Of a command and those above it, whose options may stand after it too.
CLI::Option* FindOption(CLI::App* app, const std::string& name) {
  for (; app != nullptr; app = app->get_parent()) {
    if (CLI::Option* option = app->get_option_no_throw(name)) return option;
  }
  return nullptr;
}

CLI::App* FindCommand(CLI::App& app, const std::string& name) {
  const auto found =
      app.get_subcommands([&name](CLI::App* command) { return command->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

bool IsShown(const CLI::Option& option) {
  return !option.get_group().empty();
}

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// Where the words before the cursor have led to.
struct Place {
  CLI::App* command = nullptr;
  CLI::Option* option = nullptr;  // The one whose value comes next.
  std::size_t positionals = 0;    // How many the command has been given.
};

void Advance(Place& place, const std::string& word) {
  if (place.option != nullptr) {
    place.option = nullptr;
    return;
  }
  if (word.size() > 1 && word.front() == '-') {
    if (absl::StrContains(word, "=")) return;
    CLI::Option* option = FindOption(place.command, word);
    if (option != nullptr && TakesValue(*option)) place.option = option;
    return;
  }
  if (CLI::App* command = FindCommand(*place.command, word)) {
    place.command = command;
    place.positionals = 0;
  } else {
    ++place.positionals;
  }
}

void AddValues(const CLI::Option& option, const std::string& prefix,
               const std::vector<std::string>& context_names, Candidates& candidates) {
  const std::string type = option.get_type_name();
  if (type == "CONTEXT") {
    for (const std::string& name : context_names) candidates.words.push_back({prefix + name, ""});
  } else if (absl::StrContains(type, "FILE")) {
    candidates.are_files = true;
  } else if (absl::StrContains(type, "|")) {
    for (const auto word : absl::StrSplit(type, '|')) {
      candidates.words.push_back({prefix + std::string(word), ""});
    }
  }
}

void AddOptions(CLI::App* app, Candidates& candidates) {
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      if (!IsShown(*option)) continue;
      for (const std::string& name : option->get_lnames()) {
        candidates.words.push_back({"--" + name, FirstLine(option->get_description())});
      }
    }
  }
}

void AddPositional(const Place& place, const std::vector<std::string>& context_names,
                   Candidates& candidates) {
  std::size_t index = 0;
  for (const CLI::Option* option : place.command->get_options()) {
    if (!option->get_positional() || index++ != place.positionals) continue;
    AddValues(*option, "", context_names, candidates);
  }
}

}  // namespace

Candidates CandidatesFor(CLI::App& app, const std::vector<std::string>& words,
                         const std::vector<std::string>& context_names) {
  Candidates candidates;
  if (words.empty()) return candidates;
  Place place{&app};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) Advance(place, words[i]);
  const std::string& begun = words.back();
  const std::size_t equals = begun.find('=');
  if (place.option != nullptr) {
    AddValues(*place.option, "", context_names, candidates);
  } else if (absl::StartsWith(begun, "--") && equals != std::string::npos) {
    const CLI::Option* option = FindOption(place.command, begun.substr(0, equals));
    if (option != nullptr) {
      AddValues(*option, begun.substr(0, equals + 1), context_names, candidates);
    }
  } else if (absl::StartsWith(begun, "-")) {
    AddOptions(place.command, candidates);
  } else {
    for (const CLI::App* command : place.command->get_subcommands([](CLI::App*) { return true; })) {
      if (command->get_group().empty()) continue;
      candidates.words.push_back({command->get_name(), FirstLine(command->get_description())});
    }
    AddPositional(place, context_names, candidates);
  }
  const auto does_not_fit = [&begun](const Candidate& candidate) {
    return !absl::StartsWith(candidate.word, begun);
  };
  candidates.words.erase(
      std::remove_if(candidates.words.begin(), candidates.words.end(), does_not_fit),
      candidates.words.end());
  return candidates;
}

}  // namespace sluice::cli
