#include "tests/integration/cluster/faults/fault_table.h"

#include <absl/strings/str_format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace sluice::tests {

void ReportFault(const std::string& fault, const std::string& callers, const std::string& streams,
                 absl::Duration until_well) {
  const std::filesystem::path folder = SLUICE_FAULT_FOLDER;
  std::filesystem::create_directories(folder);
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  std::ofstream row(folder / (std::string(test->name()) + ".row"));
  row << absl::StrFormat("| %s | %s | %s | %.1f s |\n", fault, callers, streams,
                         absl::ToDoubleSeconds(until_well));
}

}  // namespace sluice::tests
