#include "tests/tidy/rules/size_rules.h"

#include <map>

#include "tests/tidy/source/function_spans.h"
#include "tests/tidy/source/masked_source.h"

namespace sluice::tidy {
namespace {

constexpr int kFileLinesMax = 400;
constexpr int kFunctionLinesMax = 70;
constexpr int kColumnsMax = 100;
constexpr int kFolderFilesMax = 12;

bool HasProgram(const std::string& path) {
  for (const char* suffix : {".h", ".cc", ".proto", ".sh", ".js", ".mjs", ".ts", ".py", ".go",
                             ".lua", ".cmake", "CMakeLists.txt"}) {
    if (EndsWith(path, suffix)) return true;
  }
  return path == "dev" || path == ".ci/run";
}

int Columns(const std::string& line) {
  int columns = 0;
  for (const char character : line) {
    const bool continues_code_point = (static_cast<unsigned char>(character) & 0xC0U) == 0x80U;
    if (!continues_code_point) ++columns;
  }
  return columns;
}

}  // namespace

Violations CheckFileLength(const SourceFile& file) {
  if (!HasProgram(file.path) || IsVendored(file.path)) return {};
  const int count = static_cast<int>(Lines(file.text).size());
  if (count <= kFileLinesMax) return {};
  return {{"file-length", file.path, 0,
           std::to_string(count) + " lines; at most " + std::to_string(kFileLinesMax),
           "split it by topic, one class or one table to a file"}};
}

Violations CheckFunctionLength(const SourceFile& file) {
  if (!IsCppFile(file.path)) return {};
  Violations violations;
  for (const FunctionSpan& function : FindFunctions(MaskSource(file.text).code)) {
    const int count = function.last_line - function.first_line + 1;
    if (count <= kFunctionLinesMax) continue;
    violations.push_back({"function-length", file.path, function.first_line,
                          "`" + function.head.substr(0, 60) + "` has " + std::to_string(count) +
                              " lines; at most " + std::to_string(kFunctionLinesMax),
                          "name its steps and make them functions"});
  }
  return violations;
}

Violations CheckLineWidth(const SourceFile& file) {
  if (!IsCppFile(file.path)) return {};
  Violations violations;
  int number = 0;
  for (const std::string& line : Lines(file.text)) {
    ++number;
    const int columns = Columns(line);
    if (columns <= kColumnsMax) continue;
    violations.push_back(
        {"line-width", file.path, number,
         std::to_string(columns) + " columns; at most " + std::to_string(kColumnsMax),
         "run ./dev fmt, and break long strings and comments by hand"});
  }
  return violations;
}

Violations CheckFolderSize(const std::vector<std::string>& paths) {
  std::map<std::string, int> counts;
  for (const std::string& path : paths) {
    if (!IsCppFile(path) || IsVendored(path)) continue;
    const std::size_t slash = path.rfind('/');
    ++counts[slash == std::string::npos ? "." : path.substr(0, slash)];
  }
  Violations violations;
  for (const auto& [folder, count] : counts) {
    if (count <= kFolderFilesMax) continue;
    violations.push_back(
        {"folder-size", folder, 0,
         std::to_string(count) + " C++ files; at most " + std::to_string(kFolderFilesMax),
         "split the folder by topic"});
  }
  return violations;
}

}  // namespace sluice::tidy
