#include "tests/tidy/rules/path_rules.h"

#include <cctype>
#include <set>

namespace sluice::tidy {

Violations CheckNames(const std::string& path) {
  static const std::set<std::string> kForbidden = {"util",    "utils",    "helper", "helpers",
                                                   "manager", "managers", "common", "impl"};
  if (IsVendored(path)) return {};
  std::string word;
  for (const char character : path + "/") {
    if (std::isalnum(static_cast<unsigned char>(character)) != 0) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
      continue;
    }
    if (kForbidden.count(word) > 0) {
      return {{"name", path, 0, "\"" + word + "\" says nothing about what it holds",
               "name what it does"}};
    }
    word.clear();
  }
  return {};
}

Violations CheckTopLevel(const std::string& path) {
  static const std::set<std::string> kKnown = {"CMakeLists.txt", "CMakePresets.json",
                                               "Dockerfile",     "README.md",
                                               "clients",        "compose.yaml",
                                               "control",        "dev",
                                               "docs",           "edge",
                                               "helm",           "proto",
                                               "server",         "tests"};
  const std::string top = path.substr(0, path.find('/'));
  if (StartsWith(top, ".") || kKnown.count(top) > 0) return {};
  return {{"top-level", path, 0, "\"" + top + "\" is no known top-level entry",
           "put it into the folder of its layer, or name it in path_rules.cc with the layout"}};
}

}  // namespace sluice::tidy
