#include "tests/tidy/exemptions.h"

namespace sluice::tidy {

const std::vector<Exemption>& Exemptions() {
  static const std::vector<Exemption> kExemptions = {
      {"tests/bench/drain/main.cc", "sleep",
       "a benchmark sends at a pace and opens streams when it is time"},
      {"tests/bench/resume/main.cc", "sleep",
       "a benchmark sends at a pace and measures for a time; there is no condition to wait on"},
      {"tests/helm/dashboard_is_answered.mjs", "sleep",
       "Prometheus tells nobody that it has scraped; it is asked again, with a deadline"},
  };
  return kExemptions;
}

Violations WithoutExempted(const Violations& violations, const std::vector<Exemption>& exemptions) {
  Violations remaining;
  std::vector<int> uses(exemptions.size(), 0);
  for (const Violation& violation : violations) {
    bool exempt = false;
    for (std::size_t i = 0; i < exemptions.size(); ++i) {
      if (exemptions[i].path != violation.path || exemptions[i].rule != violation.rule) continue;
      exempt = true;
      ++uses[i];
    }
    if (!exempt) remaining.push_back(violation);
  }
  for (std::size_t i = 0; i < exemptions.size(); ++i) {
    const Exemption& exemption = exemptions[i];
    if (uses[i] == 0) {
      remaining.push_back({"exemption", exemption.path, 0,
                           "the exemption from " + exemption.rule + " covers nothing any more",
                           "delete it from tests/tidy/exemptions.cc"});
    }
    if (exemption.reason.empty()) {
      remaining.push_back({"exemption", exemption.path, 0,
                           "the exemption from " + exemption.rule + " gives no reason",
                           "say why the code is better so"});
    }
  }
  return remaining;
}

}  // namespace sluice::tidy
