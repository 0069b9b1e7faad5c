// clients/cli/main.cc
#include <cstdlib>

#include "clients/cli/output/terminal.h"
#include "clients/cli/run.h"

int main(int argc, char** argv) {
  // gRPC logs connection attempts to stderr, where sluicectl says in its own words what failed.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  sluice::cli::Terminal terminal = sluice::cli::ProcessTerminal();
  return static_cast<int>(sluice::cli::Run(argc, argv, terminal));
}
