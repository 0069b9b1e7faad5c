// clients/cli/input/file.cc
#include "clients/cli/input/file.h"

#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_format.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "clients/cli/text/utf8.h"

namespace sluice::cli {
namespace {

absl::Status CannotRead(const std::string& path, int error) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "cannot read %s: %s", path == "-" ? "the standard input" : path, std::strerror(error)));
}

absl::StatusOr<std::string> ReadDescriptor(const std::string& path, int fd) {
  std::string content;
  char buffer[16384];
  while (true) {
    const ssize_t size_bytes = read(fd, buffer, sizeof buffer);
    if (size_bytes == 0) return content;
    if (size_bytes < 0 && errno == EINTR) continue;
    if (size_bytes < 0) return CannotRead(path, errno);
    content.append(buffer, static_cast<std::size_t>(size_bytes));
    if (content.size() > kFileSizeBytesMax) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s is over %d bytes", path == "-" ? "the standard input" : path, kFileSizeBytesMax));
    }
  }
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, int input_fd) {
  if (path == "-") return ReadDescriptor(path, input_fd);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return CannotRead(path, errno);
  auto content = ReadDescriptor(path, fd);
  close(fd);
  return content;
}

absl::StatusOr<std::string> ReadData(const std::string& argument, int input_fd) {
  std::string data = argument;
  if (argument == "-" || (!argument.empty() && argument.front() == '@')) {
    auto content = ReadFile(argument == "-" ? "-" : argument.substr(1), input_fd);
    if (!content.ok()) return content.status();
    data = *std::move(content);
  }
  if (!IsValidUtf8(data)) {
    return absl::InvalidArgumentError(
        "--data is not UTF-8, which event streams require; encode binary data, as base64 say");
  }
  return data;
}

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  auto content = ReadFile(path, -1);
  if (!content.ok()) return content.status();
  std::string token(absl::StripAsciiWhitespace(*content));
  if (token.empty()) {
    return absl::InvalidArgumentError(absl::StrFormat("the token file %s is empty", path));
  }
  const bool is_printable = std::all_of(token.begin(), token.end(), [](char character) {
    return absl::ascii_isgraph(static_cast<unsigned char>(character));
  });
  if (!is_printable) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the token file %s holds more than one word of printable ASCII; expected the token alone",
        path));
  }
  return token;
}

}  // namespace sluice::cli
