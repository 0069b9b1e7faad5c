// clients/cli/input/argument.cc
#include "clients/cli/input/argument.h"

#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>
#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>

#include "clients/cli/input/file.h"

namespace sluice::cli {
namespace {

// RFC 9110, "Tokens".
bool IsTokenCharacter(char character) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return absl::ascii_isalnum(static_cast<unsigned char>(character)) ||
         kOthers.find(character) != std::string_view::npos;
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDuration(const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration() ||
      duration == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s' is no duration; expected one such as 500ms, 10s or 1m30s", text));
  }
  return duration;
}

absl::StatusOr<std::pair<std::string, std::string>> ParseKeyValue(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return absl::InvalidArgumentError(absl::StrFormat("'%s' is not of the form KEY=VALUE", text));
  }
  return std::make_pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  const absl::Status error = absl::InvalidArgumentError(
      absl::StrFormat("'%s' is no address; expected HOST:PORT such as 127.0.0.1:50051", text));
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return error;
  HostPort address;
  const std::string port(text.substr(colon + 1));
  const bool is_number = !port.empty() && std::all_of(port.begin(), port.end(), [](char digit) {
    return absl::ascii_isdigit(static_cast<unsigned char>(digit));
  });
  if (!is_number || !absl::SimpleAtoi(port, &address.port)) return error;
  if (address.port < 1 || address.port > 65535) return error;
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return error;
  }
  if (host.empty() || host.find_first_of(" /\t") != std::string_view::npos) return error;
  address.host = std::string(host);
  return address;
}

bool IsLoopback(const std::string& host) {
  if (absl::AsciiStrToLower(host) == "localhost") return true;
  boost::system::error_code not_an_address;
  const auto address = boost::asio::ip::make_address(host, not_an_address);
  return !not_an_address && address.is_loopback();
}

absl::StatusOr<std::pair<std::string, std::string>> ParseHeader(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  // The text is left out of the message: it may be a secret.
  if (colon == std::string_view::npos || name.empty() ||
      !std::all_of(name.begin(), name.end(), IsTokenCharacter)) {
    return absl::InvalidArgumentError("a header is not of the form 'Name: value'");
  }
  const std::string_view value = Trimmed(text.substr(colon + 1));
  for (const char character : value) {
    const auto byte = static_cast<unsigned char>(character);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7F) {
      return absl::InvalidArgumentError(
          absl::StrFormat("the value of header %s has a control character", name));
    }
  }
  return std::make_pair(std::string(name), std::string(value));
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ReadHeaders(
    const std::vector<std::string>& arguments, int input_fd) {
  std::vector<std::string> lines;
  for (const std::string& argument : arguments) {
    if (argument.empty() || argument.front() != '@') {
      lines.push_back(argument);
      continue;
    }
    const auto content = ReadFile(argument.substr(1), input_fd);
    if (!content.ok()) return content.status();
    for (absl::string_view line : absl::StrSplit(*content, '\n')) {
      line = absl::StripAsciiWhitespace(line);
      if (!line.empty()) lines.emplace_back(line.data(), line.size());
    }
  }
  std::vector<std::pair<std::string, std::string>> headers;
  for (const std::string& line : lines) {
    auto header = ParseHeader(line);
    if (!header.ok()) return header.status();
    headers.push_back(*std::move(header));
  }
  return headers;
}

}  // namespace sluice::cli
