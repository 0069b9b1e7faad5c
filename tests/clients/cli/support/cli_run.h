// tests/clients/cli/support/cli_run.h
#pragma once

#include <condition_variable>
#include <mutex>
#include <ostream>
#include <streambuf>
#include <string>
#include <vector>

#include "clients/cli/exit_code.h"

namespace sluice::cli {

struct CliRun {
  ExitCode exit_code = ExitCode::kDone;
  std::string out;
  std::string err;
};

// The home directory of the runs that follow. By default there is none.
void SetCliHome(const std::string& path);

// SLUICE_TOKEN_FILE of the runs that follow; empty: there is none.
void SetCliTokenFile(const std::string& path);

// Runs sluicectl with the arguments within this process. `input` is its standard input.
CliRun RunCli(const std::vector<std::string>& arguments, const std::string& input = "");

// The same with the output going to a stream of the test's own.
ExitCode RunCliTo(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

// A stream that another thread can wait on.
// Thread: one writes, any waits.
class WatchedOutput : public std::ostream {
 public:
  WatchedOutput() : std::ostream(&buffer_) {}

  // False when the text has not been flushed within ten seconds.
  bool WaitFor(const std::string& text) { return buffer_.WaitFor(text); }
  std::string Text() { return buffer_.Text(); }

 private:
  class Buffer : public std::streambuf {
   public:
    bool WaitFor(const std::string& text);
    std::string Text();

   protected:
    int_type overflow(int_type character) override;
    int sync() override;

   private:
    std::mutex mutex_;
    std::condition_variable flushed_;
    std::string pending_;
    std::string text_;
  };

  Buffer buffer_;
};

}  // namespace sluice::cli
