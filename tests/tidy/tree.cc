#include "tests/tidy/tree.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/tidy/rules/include_rules.h"
#include "tests/tidy/rules/path_rules.h"
#include "tests/tidy/rules/size_rules.h"
#include "tests/tidy/rules/text_rules.h"

namespace sluice::tidy {
namespace {

std::string OutputOf(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  char buffer[4096];
  for (std::size_t count = 0; (count = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    output.append(buffer, count);
  }
  return pclose(pipe) == 0 ? output : "";
}

std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char character : text) {
    if (character == '\'') {
      quoted += "'\\''";
    } else {
      quoted += character;
    }
  }
  return quoted + "'";
}

}  // namespace

std::vector<SourceFile> ReadTree(const std::string& root) {
  // A tree that another user owns, as in a container, is no danger here: nothing in it is run.
  const std::string paths = OutputOf("git -c 'safe.directory=*' -C " + Quoted(root) +
                                     " ls-files -z --cached --others --exclude-standard");
  std::vector<SourceFile> files;
  for (std::size_t begin = 0; begin < paths.size();) {
    const std::size_t end = paths.find('\0', begin);
    const std::string path = paths.substr(begin, end - begin);
    begin = end + 1;
    const std::filesystem::path full = std::filesystem::path(root) / path;
    std::error_code error;
    if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(full, error))) continue;
    std::ifstream stream(full, std::ios::binary);
    files.push_back({path, {std::istreambuf_iterator<char>(stream), {}}});
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

Violations CheckTree(const std::vector<SourceFile>& files) {
  Violations violations;
  const auto add = [&violations](const Violations& found) {
    violations.insert(violations.end(), found.begin(), found.end());
  };
  std::vector<std::string> paths;
  for (const SourceFile& file : files) {
    paths.push_back(file.path);
    add(CheckNames(file.path));
    add(CheckTopLevel(file.path));
    for (const auto& check : {CheckFileLength, CheckFunctionLength, CheckLineWidth,
                              CheckIncludeDirection, CheckIncludeForm, CheckPragmaOnce, CheckSleeps,
                              CheckOpenEnds, CheckCommentedOutCode, CheckPrivatePaths}) {
      add(check(file));
    }
  }
  add(CheckFolderSize(paths));
  return violations;
}

std::string Describe(const Violations& violations) {
  std::string text;
  for (const Violation& violation : violations) {
    text += violation.path;
    if (violation.line > 0) text += ":" + std::to_string(violation.line);
    text += ": [" + violation.rule + "] " + violation.problem + "; " + violation.remedy + "\n";
  }
  return text;
}

}  // namespace sluice::tidy
