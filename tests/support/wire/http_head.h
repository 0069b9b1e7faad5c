#pragma once

#include <map>
#include <string>

namespace sluice::tests {

// The head of an HTTP/1 answer (RFC 9112).
struct HttpHead {
  int status = 0;       // 0 when the bytes are no answer.
  std::string version;  // "HTTP/1.1"
  std::string reason;
  // Names in lower case. Fields of one name are joined by ", " (RFC 9110 "Field Order").
  std::map<std::string, std::string> fields;

  // The field's value, or empty.
  std::string Field(const std::string& lower_case_name) const;
};

// Reads the head that ends with an empty line; what follows is ignored.
HttpHead ParseHttpHead(const std::string& bytes);

}  // namespace sluice::tests
