// clients/cli/output/terminal.cc
#include "clients/cli/output/terminal.h"

#include <absl/strings/str_format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace sluice::cli {
namespace {

constexpr int kWidthColumnsMin = 20;
constexpr int kWidthColumnsDefault = 100;

int WidthOf(int fd) {
  winsize size = {};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kWidthColumnsDefault;
  return size.ws_col < kWidthColumnsMin ? kWidthColumnsMin : size.ws_col;
}

// ECMA-48, "SGR - Select Graphic Rendition".
std::string Styled(bool shows_styles, int style, std::string_view text) {
  if (!shows_styles) return std::string(text);
  return absl::StrFormat("\x1b[%dm%s\x1b[0m", style, text);
}

bool OutShowsStyles(const Terminal& terminal) {
  return terminal.out_is_terminal && terminal.allows_color;
}

bool ErrShowsStyles(const Terminal& terminal) {
  return terminal.err_is_terminal && terminal.allows_color;
}

}  // namespace

Terminal ProcessTerminal() {
  const char* no_color = std::getenv("NO_COLOR");
  const bool allows_color = no_color == nullptr || *no_color == '\0';
  return {STDIN_FILENO,
          std::cout,
          std::cerr,
          isatty(STDOUT_FILENO) == 1,
          isatty(STDERR_FILENO) == 1,
          allows_color,
          WidthOf(STDOUT_FILENO)};
}

std::string DimOnOut(const Terminal& terminal, std::string_view text) {
  return Styled(OutShowsStyles(terminal), 2, text);
}

std::string BoldOnOut(const Terminal& terminal, std::string_view text) {
  return Styled(OutShowsStyles(terminal), 1, text);
}

std::string RedOnErr(const Terminal& terminal, std::string_view text) {
  return Styled(ErrShowsStyles(terminal), 31, text);
}

std::string YellowOnErr(const Terminal& terminal, std::string_view text) {
  return Styled(ErrShowsStyles(terminal), 33, text);
}

std::string DimOnErr(const Terminal& terminal, std::string_view text) {
  return Styled(ErrShowsStyles(terminal), 2, text);
}

}  // namespace sluice::cli
