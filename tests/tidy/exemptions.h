#pragma once

#include <string>
#include <vector>

#include "tests/tidy/source/source_file.h"

namespace sluice::tidy {

// Lets one file, or one folder for the folder rules, break one rule.
struct Exemption {
  std::string path;
  std::string rule;
  std::string reason;  // Why the code is better so.
};

// Every exemption of the tree.
const std::vector<Exemption>& Exemptions();

// The violations that no exemption covers, and one more for each exemption that covers none or
// gives no reason.
Violations WithoutExempted(const Violations& violations, const std::vector<Exemption>& exemptions);

}  // namespace sluice::tidy
