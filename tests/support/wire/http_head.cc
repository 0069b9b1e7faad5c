#include "tests/support/wire/http_head.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace sluice::tests {
namespace {

std::string Trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char character) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
  });
  return text;
}

}  // namespace

std::string HttpHead::Field(const std::string& lower_case_name) const {
  const auto found = fields.find(lower_case_name);
  return found == fields.end() ? "" : found->second;
}

HttpHead ParseHttpHead(const std::string& bytes) {
  HttpHead head;
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos || bytes.rfind("HTTP/", 0) != 0) return head;
  std::size_t begin = bytes.find("\r\n");
  const std::string status_line = bytes.substr(0, begin);
  const std::size_t space = status_line.find(' ');
  if (space == std::string::npos) return head;
  head.version = status_line.substr(0, space);
  head.status = std::atoi(status_line.c_str() + space);
  const std::size_t reason = status_line.find(' ', space + 1);
  if (reason != std::string::npos) head.reason = status_line.substr(reason + 1);
  while (begin < end) {
    begin += 2;
    const std::size_t line_end = bytes.find("\r\n", begin);
    const std::string line = bytes.substr(begin, line_end - begin);
    begin = line_end;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string& value = head.fields[LowerCase(line.substr(0, colon))];
    if (!value.empty()) value += ", ";
    value += Trimmed(line.substr(colon + 1));
  }
  return head;
}

}  // namespace sluice::tests
