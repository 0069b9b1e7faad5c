#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace sluice::cli {

// One word that may stand where the cursor is.
struct Candidate {
  std::string word;
  std::string description;  // One line; empty for a value.
};

struct Candidates {
  std::vector<Candidate> words;
  bool are_files = false;  // A path of a file is expected; the shell knows those.
};

// What may complete the last of `words`, which follow the program's name on the command line and
// end where the cursor is: commands, options and the choices of an option, as `app` defines them.
// `context_names` are the values of --context.
Candidates CandidatesFor(CLI::App& app, const std::vector<std::string>& words,
                         const std::vector<std::string>& context_names);

}  // namespace sluice::cli
