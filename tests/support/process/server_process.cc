#include "tests/support/process/server_process.h"

#include <cstdlib>

namespace sluice::tests {
namespace {

// The port in `listening http=127.0.0.1:8080 grpc=...`; 0 when the line names none.
int PortOf(const std::string& line, const std::string& listener) {
  const std::size_t name = line.find(" " + listener + "=");
  if (name == std::string::npos) return 0;
  std::size_t end = line.find(' ', name + 1);
  if (end == std::string::npos) end = line.size();
  const std::size_t colon = line.rfind(':', end);
  if (colon == std::string::npos || colon < name) return 0;
  return std::atoi(line.c_str() + colon + 1);
}

bool Names(const std::vector<std::string>& flags, const std::string& flag) {
  for (const std::string& given : flags) {
    if (given == flag || given.rfind(flag + "=", 0) == 0) return true;
  }
  return false;
}

}  // namespace

std::string ServerProgram() {
  return SLUICE_PROGRAM;
}

ServerProcess::ServerProcess(std::vector<std::string> flags,
                             std::map<std::string, std::string> environment) {
  for (const char* listener : {"--http", "--grpc", "--admin"}) {
    if (!Names(flags, listener)) flags.push_back(std::string(listener) + "=127.0.0.1:0");
  }
  // A test that is about the end says how long it takes.
  for (const char* wait : {"--shutdown-delay", "--drain"}) {
    if (!Names(flags, wait)) flags.push_back(std::string(wait) + "=0");
  }
  if (!Names(flags, "--log-format")) flags.emplace_back("--log-format=text");
  process_ = std::make_unique<ChildProcess>(
      ProcessOptions{ServerProgram(), std::move(flags), std::move(environment), "", ""});
  const std::optional<std::string> line =
      process_->WaitForLine(ChildProcess::Output::kError, "listening http=");
  if (!line) return;
  http_port_ = PortOf(*line, "http");
  grpc_port_ = PortOf(*line, "grpc");
  admin_port_ = PortOf(*line, "admin");
}

std::string ServerProcess::GrpcAddress() const {
  return "127.0.0.1:" + std::to_string(grpc_port_);
}

std::string ServerProcess::Log() const {
  return "\n--- log of the server ---\n" + process_->Printed(ChildProcess::Output::kError) +
         "--- end of the log ---\n";
}

}  // namespace sluice::tests
