#include "clients/cli/completion/completion_command.h"

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "clients/cli/command/option.h"
#include "clients/cli/completion/candidates.h"
#include "clients/cli/context/context_file.h"

namespace sluice::cli {
namespace {

// Each script hands over the words up to the cursor and gets lines of WORD TAB DESCRIPTION, or the
// one line ":files".
constexpr char kBash[] = R"sh(_sluicectl() {
  local line="${COMP_LINE:0:COMP_POINT}" word reply
  local -a words=()
  # Not COMP_WORDS, which the shell also breaks at '=' and ':'.
  read -r -a words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=('')
  word="${words[${#words[@]}-1]}"
  local program="${words[0]/#\~\//$HOME/}"
  reply="$("$program" completion candidates -- "${words[@]:1}" 2>/dev/null | cut -f1)"
  if [[ "$reply" == ':files' ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "${word#--*=}")
    return
  fi
  mapfile -t COMPREPLY < <([[ -z "$reply" ]] || printf '%s\n' "$reply")
  # The shell replaces only what follows the last of these.
  local break
  for break in = :; do
    if [[ "$word" == *"$break"* && "$COMP_WORDBREAKS" == *"$break"* ]]; then
      COMPREPLY=("${COMPREPLY[@]#"${word%"$break"*}$break"}")
    fi
  done
}
complete -F _sluicectl sluicectl
)sh";

constexpr char kZsh[] = R"sh(#compdef sluicectl
_sluicectl() {
  local line
  local -a candidates
  local -a given=("${words[@]:1:$((CURRENT-1))}")
  while IFS= read -r line; do
    if [[ "$line" == ':files' ]]; then
      compset -P '--*='
      _files
      return
    fi
    local word="${line%%$'\t'*}" told="${line#*$'\t'}"
    candidates+=("${word//:/\\:}${told:+:$told}")
  done < <("${words[1]}" completion candidates -- "${given[@]}" 2>/dev/null)
  _describe 'sluicectl' candidates
}
compdef _sluicectl sluicectl
)sh";

constexpr char kFish[] = R"sh(function __sluicectl_candidates
  set -l given (commandline -opc) (commandline -ct)
  set -l reply ($given[1] completion candidates -- $given[2..-1] 2>/dev/null)
  if test "$reply" = ':files'
    set -l option (commandline -ct | string match -r '^--[^=]*=')
    set -l path (commandline -ct | string replace -r '^--[^=]*=' '')
    __fish_complete_path "$path" | string replace -r '^' "$option"
    return
  end
  printf '%s\n' $reply
end
complete -c sluicectl -f -a '(__sluicectl_candidates)'
)sh";

void AddScript(CLI::App& completion, Program& program, const std::string& shell, const char* script,
               const std::string& how) {
  CLI::App* command = completion.add_subcommand(shell, "Print the script for " + shell);
  AddExamples(*command, how);
  command->final_callback([&program, script] {
    program.uses_server = false;
    program.action = [&program, script] {
      program.terminal.out << script;
      return ExitCode::kDone;
    };
  });
}

ExitCode WriteCandidates(CLI::App& app, const Program& program,
                         const std::vector<std::string>& words) {
  // A file that cannot be read is told of where it is used.
  const auto contexts = ReadContextFile(ContextFilePath());
  const auto candidates =
      CandidatesFor(app, words, contexts.ok() ? NamesOf(*contexts) : std::vector<std::string>());
  if (candidates.are_files) program.terminal.out << ":files\n";
  for (const auto& [word, description] : candidates.words) {
    program.terminal.out << word << '\t' << description << '\n';
  }
  return ExitCode::kDone;
}

}  // namespace

void AddCompletionCommands(CLI::App& app, Program& program) {
  CLI::App* completion =
      app.add_subcommand("completion", "Print a script that makes a shell complete sluicectl");
  completion->require_subcommand(1);
  AddScript(*completion, program, "bash", kBash, "  source <(sluicectl completion bash)");
  AddScript(*completion, program, "zsh", kZsh, "  source <(sluicectl completion zsh)");
  AddScript(*completion, program, "fish", kFish, "  sluicectl completion fish | source");
  CLI::App* candidates = completion->add_subcommand("candidates", "What these scripts ask");
  candidates->group("");  // Hidden.
  const auto words = std::make_shared<std::vector<std::string>>();
  candidates->add_option("WORD", *words, "Words of the command line up to the cursor");
  candidates->final_callback([&app, &program, words] {
    program.uses_server = false;
    program.action = [&app, &program, words] { return WriteCandidates(app, program, *words); };
  });
}

}  // namespace sluice::cli
