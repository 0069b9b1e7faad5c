#include "tests/tidy/source/masked_source.h"

#include <cctype>

namespace sluice::tidy {
namespace {

// Walks the source once; `at_` is always at the start of a token or inside plain code.
class Masker {
 public:
  explicit Masker(const std::string& text) : text_(text) {
    masked_.code.assign(text.size(), ' ');
    masked_.comments.assign(text.size(), ' ');
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') masked_.code[i] = masked_.comments[i] = '\n';
    }
  }

  MaskedSource Run() {
    while (at_ < text_.size()) Step();
    return masked_;
  }

 private:
  void Step() {
    if (Sees("//")) return Comment(text_.find('\n', at_), 0);
    if (Sees("/*")) return Comment(text_.find("*/", at_ + 2), 2);
    if (Sees("R\"") && !ContinuesWord(at_)) return RawString();
    // An identifier is taken whole, so that the R of a raw string is told from a name's last
    // letter.
    if (text_[at_] == '"' || (text_[at_] == '\'' && !SeparatesDigits())) return Literal(text_[at_]);
    KeepCode();
  }

  bool Sees(const std::string& token) const { return text_.compare(at_, token.size(), token) == 0; }

  // True when a letter stands before, save for the encoding prefixes of a literal: u8R"(...)".
  bool ContinuesWord(std::size_t at) const {
    std::size_t begin = at;
    while (begin > 0 && IsWord(text_[begin - 1])) --begin;
    const std::string prefix = text_.substr(begin, at - begin);
    return !prefix.empty() && prefix != "u8" && prefix != "u" && prefix != "U" && prefix != "L";
  }

  // 1'000: the quote stands in a token that begins with a digit.
  bool SeparatesDigits() const {
    std::size_t begin = at_;
    while (begin > 0 && (IsWord(text_[begin - 1]) || text_[begin - 1] == '\'')) --begin;
    return begin < at_ && std::isdigit(static_cast<unsigned char>(text_[begin])) != 0;
  }

  static bool IsWord(char character) {
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
  }

  void KeepCode() {
    masked_.code[at_] = text_[at_];
    ++at_;
  }

  void Comment(std::size_t end, std::size_t closing_size) {
    end = end == std::string::npos ? text_.size() : end + closing_size;
    for (; at_ < end; ++at_) {
      if (text_[at_] != '\n') masked_.comments[at_] = text_[at_];
    }
  }

  void Literal(char quote) {
    KeepCode();
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    if (at_ < text_.size()) KeepCode();
  }

  void RawString() {
    const std::size_t open = text_.find('(', at_);
    if (open == std::string::npos) return KeepCode();
    const std::string closing = ")" + text_.substr(at_ + 2, open - at_ - 2) + "\"";
    std::size_t end = text_.find(closing, open);
    end = end == std::string::npos ? text_.size() : end + closing.size();
    masked_.code[at_ + 1] = '"';
    at_ = end;
    masked_.code[at_ - 1] = '"';
  }

  const std::string& text_;
  std::size_t at_ = 0;
  MaskedSource masked_;
};

}  // namespace

MaskedSource MaskSource(const std::string& text) {
  return Masker(text).Run();
}

}  // namespace sluice::tidy
