#include "tests/tidy/rules/include_rules.h"

#include <vector>

#include "tests/tidy/source/masked_source.h"

namespace sluice::tidy {
namespace {

struct Include {
  int line;
  std::string path;
  bool quoted;
};

// What stands in quotes is blanked in the code, so the path is read from the text.
std::vector<Include> FindIncludes(const SourceFile& file) {
  std::vector<Include> includes;
  const std::vector<std::string> code = Lines(MaskSource(file.text).code);
  const std::vector<std::string> text = Lines(file.text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string directive = Trimmed(code[i]);
    if (!StartsWith(directive, "#")) continue;
    directive = Trimmed(directive.substr(1));
    if (!StartsWith(directive, "include")) continue;
    const std::size_t open = text[i].find_first_of("<\"");
    if (open == std::string::npos) continue;
    const bool quoted = text[i][open] == '"';
    const std::size_t close = text[i].find(quoted ? '"' : '>', open + 1);
    if (close == std::string::npos) continue;
    includes.push_back(
        {static_cast<int>(i) + 1, text[i].substr(open + 1, close - open - 1), quoted});
  }
  return includes;
}

bool IsGenerated(const std::string& path) {
  return EndsWith(path, ".pb.h");
}

// One of our layers, which is where an own header's path begins.
std::string LayerOf(const std::string& path) {
  for (const char* layer : {"edge/", "control/", "server/", "clients/", "tests/"}) {
    if (StartsWith(path, layer)) return layer;
  }
  return "";
}

bool IsForeignRpcOrStore(const std::string& path) {
  for (const char* prefix : {"grpc", "google/protobuf", "google/rpc", "hiredis", "sluice/"}) {
    if (StartsWith(path, prefix)) return true;
  }
  return IsGenerated(path);
}

bool IsStandard(const std::string& path) {
  return path.find_first_of("/.") == std::string::npos;
}

// Why a file may not include a path; empty when it may.
std::string Refusal(const std::string& file, const Include& include) {
  const std::string from = LayerOf(file);
  const std::string to = LayerOf(include.path);
  if (to == "tests/" && from != "tests/") return "nothing outside tests/ includes tests/";
  if (StartsWith(file, "edge/base/")) {
    const bool allowed = StartsWith(include.path, "edge/base/") ||
                         StartsWith(include.path, "absl/") ||
                         (!include.quoted && IsStandard(include.path));
    if (!allowed) return "edge/base knows only the standard library, Abseil and edge/base";
  }
  if (from == "edge/") {
    if (!to.empty() && to != from) return "edge knows no other layer";
    if (IsForeignRpcOrStore(include.path)) return "edge knows no gRPC, protobuf and Redis";
  }
  if (from == "control/" && (to == "server/" || to == "clients/")) {
    return "control knows only edge and proto";
  }
  if (from == "clients/" && !to.empty() && to != from) return "clients know only proto";
  if (from == "server/" && to == "clients/") return "the server does not know its clients";
  return "";
}

}  // namespace

Violations CheckIncludeDirection(const SourceFile& file) {
  if (!IsCppFile(file.path)) return {};
  Violations violations;
  for (const Include& include : FindIncludes(file)) {
    const std::string refusal = Refusal(file.path, include);
    if (refusal.empty()) continue;
    violations.push_back({"include-direction", file.path, include.line,
                          "includes " + include.path + ", but " + refusal,
                          "move the code to the layer that may, or turn the dependency round with "
                          "an interface that the lower layer declares"});
  }
  return violations;
}

Violations CheckIncludeForm(const SourceFile& file) {
  if (!IsCppFile(file.path)) return {};
  Violations violations;
  for (const Include& include : FindIncludes(file)) {
    if (IsGenerated(include.path)) continue;
    const bool own = !LayerOf(include.path).empty();
    if (own == include.quoted) continue;
    violations.push_back({"include-form", file.path, include.line,
                          include.quoted
                              ? "\"" + include.path + "\" is no path of ours from the root"
                              : "<" + include.path + "> is a header of ours",
                          include.quoted ? "write the path from the repository root; headers of "
                                           "others stand in angle brackets"
                                         : "put it in quotes"});
  }
  return violations;
}

Violations CheckPragmaOnce(const SourceFile& file) {
  if (!EndsWith(file.path, ".h")) return {};
  for (const std::string& line : Lines(MaskSource(file.text).code)) {
    if (Trimmed(line) == "#pragma once") return {};
  }
  return {{"pragma-once", file.path, 1, "a header without #pragma once",
           "put `#pragma once` before the first include"}};
}

}  // namespace sluice::tidy
