// tests/clients/cli/support/cli_run.cc
#include "tests/clients/cli/support/cli_run.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <sstream>

#include "clients/cli/output/terminal.h"
#include "clients/cli/run.h"

namespace sluice::cli {
namespace {

std::string& Home() {
  static std::string home = "/nonexistent";
  return home;
}

std::string& TokenFile() {
  static std::string token_file;
  return token_file;
}

// A file in memory with the text, at its beginning.
int InputWith(const std::string& text) {
  const int fd = memfd_create("input", MFD_CLOEXEC);
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  lseek(fd, 0, SEEK_SET);
  return fd;
}

ExitCode RunWith(const std::vector<std::string>& arguments, const std::string& input,
                 std::ostream& out, std::ostream& err) {
  setenv("HOME", Home().c_str(), /*overwrite=*/1);
  unsetenv("XDG_CONFIG_HOME");
  unsetenv("SLUICE_CONTEXT");
  unsetenv("SLUICE_SERVER");
  setenv("SLUICE_TOKEN_FILE", TokenFile().c_str(), /*overwrite=*/1);
  std::vector<const char*> pointers = {"sluicectl"};
  for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
  const int input_fd = InputWith(input);
  Terminal terminal{input_fd, out, err};
  const ExitCode exit_code = Run(static_cast<int>(pointers.size()), pointers.data(), terminal);
  close(input_fd);
  return exit_code;
}

}  // namespace

void SetCliHome(const std::string& path) {
  Home() = path;
}

void SetCliTokenFile(const std::string& path) {
  TokenFile() = path;
}

CliRun RunCli(const std::vector<std::string>& arguments, const std::string& input) {
  std::ostringstream out;
  std::ostringstream err;
  const ExitCode exit_code = RunWith(arguments, input, out, err);
  return {exit_code, out.str(), err.str()};
}

ExitCode RunCliTo(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  return RunWith(arguments, "", out, err);
}

bool WatchedOutput::Buffer::WaitFor(const std::string& text) {
  std::unique_lock<std::mutex> lock(mutex_);
  return flushed_.wait_for(lock, std::chrono::seconds(10),
                           [&] { return text_.find(text) != std::string::npos; });
}

std::string WatchedOutput::Buffer::Text() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return text_;
}

WatchedOutput::Buffer::int_type WatchedOutput::Buffer::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) return character;
  pending_ += traits_type::to_char_type(character);
  return character;
}

int WatchedOutput::Buffer::sync() {
  const std::lock_guard<std::mutex> lock(mutex_);
  text_ += pending_;
  pending_.clear();
  flushed_.notify_all();
  return 0;
}

}  // namespace sluice::cli
