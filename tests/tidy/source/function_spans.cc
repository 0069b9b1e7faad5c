#include "tests/tidy/source/function_spans.h"

#include <cctype>

#include "tests/tidy/source/source_file.h"

namespace sluice::tidy {
namespace {

enum class Scope { kDeclarations, kFunction, kInitializer };

std::string WithoutPreprocessor(std::string code) {
  bool continues = false;
  std::size_t begin = 0;
  while (begin < code.size()) {
    std::size_t end = code.find('\n', begin);
    if (end == std::string::npos) end = code.size();
    const std::string line = Trimmed(code.substr(begin, end - begin));
    if (continues || StartsWith(line, "#")) {
      continues = EndsWith(line, "\\");
      code.replace(begin, end - begin, end - begin, ' ');
    }
    begin = end + 1;
  }
  return code;
}

std::string OnOneLine(const std::string& text) {
  std::string line;
  for (const char character : text) {
    const bool space = std::isspace(static_cast<unsigned char>(character)) != 0;
    if (!space) line += character;
    if (space && !line.empty() && line.back() != ' ') line += ' ';
  }
  return Trimmed(line);
}

// Without `template <...>` and attributes in front.
std::string Declaration(std::string head) {
  for (bool stripped = true; stripped;) {
    stripped = false;
    if (StartsWith(head, "[[") && head.find("]]") != std::string::npos) {
      head = Trimmed(head.substr(head.find("]]") + 2));
      stripped = true;
    }
    if (!StartsWith(head, "template")) continue;
    int depth = 0;
    for (std::size_t i = 0; i < head.size(); ++i) {
      if (head[i] == '<') ++depth;
      if (head[i] != '>' || --depth > 0) continue;
      head = Trimmed(head.substr(i + 1));
      stripped = true;
      break;
    }
  }
  return head;
}

bool OpensDeclarations(const std::string& declaration) {
  for (const char* keyword :
       {"namespace", "class", "struct", "union", "enum", "inline namespace"}) {
    const std::string word = keyword;
    if (!StartsWith(declaration, word)) continue;
    if (declaration.size() == word.size() || declaration[word.size()] == ' ') return true;
  }
  return StartsWith(declaration, "extern \"");
}

// True for the brace after `member_` in `Class::Class() : member_{1} {`.
bool InitializesMember(const std::string& declaration) {
  int depth = 0;
  bool in_list = false;
  for (std::size_t i = 0; i < declaration.size(); ++i) {
    const char character = declaration[i];
    if (character == '(' || character == '{') ++depth;
    if (character == ')' || character == '}') --depth;
    if (character != ':' || depth > 0) continue;
    if (i + 1 < declaration.size() && declaration[i + 1] == ':') {
      ++i;
      continue;
    }
    in_list = in_list || declaration.find(')') < i;
  }
  const char last = declaration.empty() ? ' ' : declaration.back();
  return in_list &&
         (std::isalnum(static_cast<unsigned char>(last)) != 0 || last == '_' || last == '>');
}

bool OpensFunction(const std::string& declaration) {
  if (declaration.find('(') == std::string::npos) {
    return EndsWith(declaration, "]");  // A lambda without parameters.
  }
  const char last = declaration.back();
  if (last == '=' || last == ',' || last == '(') return false;
  int depth = 0;
  for (const char character : declaration) {
    if (character == '(') ++depth;
    if (character == ')') --depth;
  }
  // Inside an argument list only a lambda opens a function: `Register(Entry{` does not.
  if (depth > 0) return last == ')' && declaration.find('[') != std::string::npos;
  return !InitializesMember(declaration);
}

Scope ScopeOf(const std::string& head, Scope outer) {
  if (outer == Scope::kFunction) return Scope::kFunction;
  const std::string declaration = Declaration(head);
  if (outer == Scope::kInitializer) {
    const bool lambda = declaration.find('[') != std::string::npos && OpensFunction(declaration);
    return lambda ? Scope::kFunction : Scope::kInitializer;
  }
  if (OpensDeclarations(declaration)) return Scope::kDeclarations;
  return OpensFunction(declaration) ? Scope::kFunction : Scope::kInitializer;
}

struct Brace {
  Scope scope;
  std::string head;
  int head_line;
  std::size_t outer_head_begin;
};

class Finder {
 public:
  explicit Finder(const std::string& code) : code_(WithoutPreprocessor(code)) {}

  std::vector<FunctionSpan> Run() {
    for (std::size_t at = 0; at < code_.size(); ++at) {
      if (code_[at] == '\n') ++line_;
      if (code_[at] == '{') Open(at);
      if (code_[at] == '}') Close(at);
      if (code_[at] == ';' || EndsAccessSpecifier(at)) head_begin_ = at + 1;
    }
    return functions_;
  }

 private:
  Scope Outer() const { return braces_.empty() ? Scope::kDeclarations : braces_.back().scope; }

  bool EndsAccessSpecifier(std::size_t at) const {
    if (code_[at] != ':') return false;
    const std::string head = Trimmed(OnOneLine(code_.substr(head_begin_, at - head_begin_)));
    return head == "public" || head == "private" || head == "protected";
  }

  void Open(std::size_t at) {
    const std::string text = code_.substr(head_begin_, at - head_begin_);
    const std::string head = OnOneLine(text);
    int head_line = line_;
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    for (std::size_t i = first; first != std::string::npos && i < text.size(); ++i) {
      if (text[i] == '\n') --head_line;
    }
    braces_.push_back({ScopeOf(head, Outer()), head, head_line, head_begin_});
    head_begin_ = at + 1;
  }

  void Close(std::size_t at) {
    if (braces_.empty()) return;
    const Brace brace = braces_.back();
    braces_.pop_back();
    // After an initializer the same declaration goes on: `: member_{1}, other_(2) {`.
    head_begin_ = brace.scope == Scope::kInitializer ? brace.outer_head_begin : at + 1;
    if (brace.scope == Scope::kFunction && Outer() != Scope::kFunction) {
      functions_.push_back({brace.head, brace.head_line, line_});
    }
  }

  std::string code_;
  int line_ = 1;
  std::size_t head_begin_ = 0;
  std::vector<Brace> braces_;
  std::vector<FunctionSpan> functions_;
};

}  // namespace

std::vector<FunctionSpan> FindFunctions(const std::string& code) {
  return Finder(code).Run();
}

}  // namespace sluice::tidy
