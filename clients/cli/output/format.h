// clients/cli/output/format.h
#pragma once

namespace sluice::cli {

// What -o chooses: for a person, one JSON document, or one JSON document a line.
enum class OutputFormat { kTable, kJson, kJsonLines };

}  // namespace sluice::cli
