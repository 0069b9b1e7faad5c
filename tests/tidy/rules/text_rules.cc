#include "tests/tidy/rules/text_rules.h"

#include <cctype>
#include <functional>
#include <vector>

#include "tests/tidy/source/masked_source.h"
#include "tests/tidy/source/pattern.h"

namespace sluice::tidy {
namespace {

// One violation for each line in which `find` sees something; it answers with what it saw.
Violations CheckLines(const SourceFile& file, const std::string& text, const std::string& rule,
                      const std::string& remedy,
                      const std::function<std::string(const std::string&)>& find) {
  Violations violations;
  int number = 0;
  for (const std::string& line : Lines(text)) {
    ++number;
    const std::string found = find(line);
    if (!found.empty()) violations.push_back({rule, file.path, number, found, remedy});
  }
  return violations;
}

bool IsShellScript(const SourceFile& file) {
  if (EndsWith(file.path, ".sh")) return true;
  const std::string first = file.text.substr(0, file.text.find('\n'));
  return StartsWith(first, "#!") && (HasWord(first, "sh") || HasWord(first, "bash"));
}

std::string SleepInCpp(const std::string& code) {
  for (const char* call :
       {"sleep_for", "sleep_until", "usleep", "nanosleep", "SleepFor", "sleep"}) {
    if (HasWord(code, call)) return std::string(call) + " in a test";
  }
  return "";
}

std::string SleepInShell(const std::string& line) {
  static const Pattern kSleep(
      "(^|[;&|(]|\\b(do|then|else)\\b)[[:space:]]*sleep[[:space:]]+[0-9.$]");
  return kSleep.IsIn(line) ? "sleep in a test's script" : "";
}

// A timer whose whole job is to resolve a promise is a pause; one that fails the test is a
// deadline.
std::string SleepInScript(const std::string& line) {
  static const Pattern kPause("setTimeout\\([[:space:]]*(resolve|r|done|res)\\b");
  if (line.find("timers/promises") != std::string::npos) return "timers/promises in a test";
  if (line.find("time.sleep") != std::string::npos) return "time.sleep in a test";
  return kPause.IsIn(line) ? "setTimeout as a pause" : "";
}

// What a comment line says, without its slashes; empty when it is no `//` comment.
std::string SpokenLine(const std::string& comment) {
  const std::string line = Trimmed(comment);
  const std::size_t begin = line.find_first_not_of('/');
  return StartsWith(line, "//") && begin != std::string::npos ? Trimmed(line.substr(begin)) : "";
}

}  // namespace

Violations CheckSleeps(const SourceFile& file) {
  if (!StartsWith(file.path, "tests/")) return {};
  const std::string remedy =
      "wait on a condition with a deadline (tests/support), or move an injected clock";
  if (IsCppFile(file.path)) {
    return CheckLines(file, MaskSource(file.text).code, "sleep", remedy, SleepInCpp);
  }
  if (IsShellScript(file)) return CheckLines(file, file.text, "sleep", remedy, SleepInShell);
  for (const char* suffix : {".js", ".mjs", ".ts", ".py"}) {
    if (EndsWith(file.path, suffix)) {
      return CheckLines(file, file.text, "sleep", remedy, SleepInScript);
    }
  }
  return {};
}

Violations CheckOpenEnds(const SourceFile& file) {
  if (IsVendored(file.path)) return {};
  const std::string text = IsCppFile(file.path) ? MaskSource(file.text).comments : file.text;
  return CheckLines(file, text, "open-end", "do it, or say in a sentence who does what and when",
                    [](const std::string& line) -> std::string {
                      for (const char* mark : {"TO"
                                               "DO",
                                               "FIX"
                                               "ME",
                                               "XX"
                                               "X"}) {
                        if (HasWord(line, mark)) return std::string(mark) + " left behind";
                      }
                      return "";
                    });
}

Violations CheckCommentedOutCode(const SourceFile& file) {
  if (!IsCppFile(file.path)) return {};
  // A call, an assignment or a return, alone on its line and with its semicolon.
  static const Pattern kStatement(
      "^((const )?[A-Za-z_][A-Za-z0-9_:<>*&,]* )?[]A-Za-z_[][]A-Za-z0-9_:.>[-]*"
      "( ?(=|\\+=|-=) .+|\\(.*\\));$"
      "|^return( .+)?;$");
  return CheckLines(file, MaskSource(file.text).comments, "dead-code",
                    "delete it; the history keeps it", [](const std::string& line) -> std::string {
                      const std::string spoken = SpokenLine(line);
                      if (spoken.empty() || spoken.back() != ';') return "";
                      return kStatement.IsIn(spoken) ? "code in a comment" : "";
                    });
}

Violations CheckPrivatePaths(const SourceFile& file) {
  if (file.text.find('\0') != std::string::npos) return {};  // Pictures and the like.
  return CheckLines(file, file.text, "private-path",
                    "write a path from the repository root, or $HOME",
                    [](const std::string& line) -> std::string {
                      for (const char* folder : {"/wo"
                                                 "rk/",
                                                 "/ro"
                                                 "ot/"}) {
                        const std::size_t at = line.find(folder);
                        if (at == std::string::npos) continue;
                        // `network/` in a longer path is nobody's machine.
                        const char before = at == 0 ? ' ' : line[at - 1];
                        if (std::isalnum(static_cast<unsigned char>(before)) != 0) continue;
                        return std::string("names the folder ") + folder;
                      }
                      return "";
                    });
}

}  // namespace sluice::tidy
