#include "server/metrics/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace sluice {
namespace {

// Fields of /proc/self/stat behind the command's name, which is in parentheses and may hold any
// character (proc(5)); the first of them is the third of the line.
constexpr int kFirstField = 3;
constexpr int kStartTimeField = 22;
constexpr int kVirtualBytesField = 23;
constexpr int kResidentPagesField = 24;

double BootTime() {
  std::ifstream stat("/proc/stat");
  std::string word;
  double value = 0;
  while (stat >> word) {
    if (word == "btime" && stat >> value) return value;
  }
  return 0;
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

ProcessFigures ReadProcessFigures() {
  ProcessFigures figures;
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    figures.cpu_seconds = Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
  }
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    figures.open_files_max = static_cast<double>(files.rlim_cur);
  }
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    ++figures.open_files;
  }
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string field;
  for (int number = kFirstField; fields >> field; ++number) {
    if (number == kStartTimeField) {
      figures.start_time_s =
          BootTime() + std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK));
    } else if (number == kVirtualBytesField) {
      figures.virtual_bytes = std::stod(field);
    } else if (number == kResidentPagesField) {
      figures.resident_bytes = std::stod(field) * static_cast<double>(sysconf(_SC_PAGESIZE));
    }
  }
  return figures;
}

}  // namespace sluice
