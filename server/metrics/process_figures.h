#pragma once

namespace sluice {

// What the kernel says of this process; 0 where it says nothing.
struct ProcessFigures {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double open_files = 0;
  double open_files_max = 0;
  double start_time_s = 0;  // Unix time.
};

ProcessFigures ReadProcessFigures();

}  // namespace sluice
