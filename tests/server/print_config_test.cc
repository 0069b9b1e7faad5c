#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "server/config.h"

namespace sluice {
namespace {

std::string Printed(std::vector<std::string> arguments) {
  arguments.push_back("--print-config");
  const auto command_line = ReadCommandLine(arguments);
  EXPECT_TRUE(command_line.ok()) << command_line.status();
  if (!command_line.ok()) return "";
  EXPECT_EQ(command_line->action, CommandLine::Action::kPrint);
  return command_line->text;
}

// What is printed when the text is read as a configuration file.
std::string PrintedAgain(const std::string& text) {
  std::string path = testing::TempDir() + "sluice_print_XXXXXX";
  const int fd = mkstemp(path.data());
  EXPECT_GE(fd, 0);
  close(fd);
  std::ofstream(path) << text;
  const std::string again = Printed({"--config=" + path});
  std::remove(path.c_str());
  return again;
}

TEST(PrintConfig, CanBeReadAgain) {
  const std::string text = Printed({});
  EXPECT_NE(text.find("heartbeat = \"15s\"\n"), std::string::npos) << text;
  EXPECT_EQ(PrintedAgain(text), text);
}

TEST(PrintConfig, CanBeReadAgainWithEverythingSet) {
  for (const char* insecure : {"--insecure", "--insecure=http", "--insecure=grpc"}) {
    const std::string text =
        Printed({insecure, "--http=127.0.0.9:80", "--grpc=[::1]:1", "--admin=0.0.0.0:2",
                 "--shards=3", "--replica-id=r-1", "--heartbeat=1m", "--heartbeat-event=beat",
                 "--retry=5s", "--max-connections=77", "--overload-response=503",
                 "--outbox-bytes=256KiB", "--outbox-total-bytes=1GiB", "--write-timeout=7s",
                 "--record-ttl=48h", "--cors-origin=https://a.example",
                 "--cors-origin=https://b.example", "--log-level=debug", "--log-format=json"});
    EXPECT_EQ(PrintedAgain(text), text);
    EXPECT_NE(text.find("max-connections = \"77\""), std::string::npos) << text;
  }
}

TEST(PrintConfig, CanBeReadAgainWithOneOrigin) {
  const std::string text = Printed({"--cors-origin=*"});
  EXPECT_EQ(PrintedAgain(text), text);
}

TEST(PrintConfig, CanBeReadAgainWithTextsThatNeedQuotes) {
  for (const char* event : {"tick tock", "a=b", "[x]", "a,b", "'a'", "caf\xC3\xA9", "%{x}"}) {
    const std::string text = Printed({std::string("--heartbeat-event=") + event});
    EXPECT_EQ(PrintedAgain(text), text) << event;
  }
}

}  // namespace
}  // namespace sluice
