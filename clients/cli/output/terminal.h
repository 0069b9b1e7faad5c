// clients/cli/output/terminal.h
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

namespace sluice::cli {

// Where a command reads and writes, and what its output can show. Tests make one of strings.
// Owner: the caller of Run; the streams and the descriptor must outlive it.
struct Terminal {
  int input_fd;
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool allows_color = true;  // False where the environment has a NO_COLOR that is not empty.
  int width_columns = 100;
};

// The terminal of this process: standard streams, width as the kernel says.
Terminal ProcessTerminal();

// `text` in the style, for the stream named; unchanged where that stream shows no styles.
std::string DimOnOut(const Terminal& terminal, std::string_view text);
std::string BoldOnOut(const Terminal& terminal, std::string_view text);
std::string RedOnErr(const Terminal& terminal, std::string_view text);
std::string YellowOnErr(const Terminal& terminal, std::string_view text);
std::string DimOnErr(const Terminal& terminal, std::string_view text);

}  // namespace sluice::cli
