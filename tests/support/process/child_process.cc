#include "tests/support/process/child_process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/eventually.h"

namespace sluice::tests {
namespace {

// The environment as NAME=VALUE: ours, less SLUICE_*, which would change what a server does.
std::vector<std::string> EnvironmentOf(const ProcessOptions& options) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    if (name.rfind("SLUICE_", 0) == 0 || options.environment.count(name) > 0) continue;
    environment.push_back(text);
  }
  for (const auto& [name, value] : options.environment) {
    environment.push_back(std::string(name).append("=").append(value));
  }
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A file in memory, at its start, so that input of any size needs no thread to feed it.
int OpenInput(const std::string& input) {
  const int fd = memfd_create("input", MFD_CLOEXEC);
  if (fd < 0) return fd;
  for (std::size_t done = 0; done < input.size();) {
    const ssize_t written = write(fd, input.data() + done, input.size() - done);
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  lseek(fd, 0, SEEK_SET);
  return fd;
}

struct Launch {
  std::array<int, 3> fds;  // Standard input, output and error of the child.
  char* const* arguments;
  char* const* environment;
  const char* folder;
  pid_t parent;
};

// Runs in the child between fork and exec, where only async-signal-safe calls are allowed: another
// thread may have held any lock when we forked.
[[noreturn]] void BecomeProgram(const Launch& launch) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != launch.parent) _exit(127);
  for (int i = 0; i < 3; ++i) dup2(launch.fds[static_cast<std::size_t>(i)], i);
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (launch.folder[0] == '\0' || chdir(launch.folder) == 0) {
    execvpe(launch.arguments[0], launch.arguments, launch.environment);
  }
  for (const char* part : {"cannot start ", const_cast<const char*>(launch.arguments[0]), "\n"}) {
    if (write(STDERR_FILENO, part, strlen(part)) < 0) break;
  }
  _exit(127);
}

std::size_t IndexOf(ChildProcess::Output output) {
  return output == ChildProcess::Output::kStandard ? 0 : 1;
}

// The first line with its end that holds `part`.
std::optional<std::string> FindLine(const std::string& text, const std::string& part) {
  for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    const std::string line = text.substr(begin, end - begin);
    if (line.find(part) != std::string::npos) return line;
  }
  return std::nullopt;
}

// All its threads have; also true when it is gone.
bool HasStopped(pid_t pid) {
  std::error_code error;
  const auto folder = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(folder, error)) {
    std::ifstream file(task.path() / "stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    // PID (NAME) STATE
    const std::size_t name_end = text.rfind(") ");
    if (name_end != std::string::npos && text.compare(name_end + 2, 1, "T") != 0) return false;
  }
  return true;
}

}  // namespace

ChildProcess::ChildProcess(ProcessOptions options) {
  std::vector<std::string> arguments = {options.program};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> environment = EnvironmentOf(options);
  const std::vector<char*> argument_pointers = Pointers(arguments);
  const std::vector<char*> environment_pointers = Pointers(environment);

  int standard_output[2] = {-1, -1};
  int standard_error[2] = {-1, -1};
  const int input = OpenInput(options.input);
  if (input < 0 || pipe2(standard_output, O_CLOEXEC) != 0 ||
      pipe2(standard_error, O_CLOEXEC) != 0) {
    state_.Update([](State& state) {
      state.printed[1] = std::string("no pipe for a child: ") + strerror(errno) + "\n";
      state.output_ended[0] = state.output_ended[1] = state.reaped = true;
      state.status.code = 127;
    });
    return;
  }
  const Launch launch = {{input, standard_output[1], standard_error[1]},
                         argument_pointers.data(),
                         environment_pointers.data(),
                         options.folder.c_str(),
                         getpid()};
  pid_ = fork();
  if (pid_ == 0) BecomeProgram(launch);
  close(input);
  close(standard_output[1]);
  close(standard_error[1]);
  threads_.emplace_back([this, fd = standard_output[0]] { ReadOutput(fd, Output::kStandard); });
  threads_.emplace_back([this, fd = standard_error[0]] { ReadOutput(fd, Output::kError); });
  threads_.emplace_back([this] { AwaitEnd(); });
}

ChildProcess::~ChildProcess() {
  Signal(SIGKILL);
  for (std::thread& thread : threads_) thread.join();
}

std::optional<std::string> ChildProcess::WaitForLine(Output output, const std::string& part,
                                                     absl::Duration timeout) const {
  const std::size_t index = IndexOf(output);
  std::optional<std::string> line;
  state_.WaitFor(
      [&](const State& state) {
        line = FindLine(state.printed[index], part);
        return line.has_value() || state.output_ended[index];
      },
      timeout);
  return line;
}

std::optional<ExitStatus> ChildProcess::Wait(absl::Duration timeout) const {
  const auto ended = [](const State& state) {
    return state.reaped && state.output_ended[0] && state.output_ended[1];
  };
  if (!state_.WaitFor(ended, timeout)) return std::nullopt;
  return state_.Read([](const State& state) { return state.status; });
}

std::string ChildProcess::Printed(Output output) const {
  return state_.Read([&](const State& state) { return state.printed[IndexOf(output)]; });
}

void ChildProcess::Signal(int signal_number) {
  // Under the lock, so that the number can't have become another process's.
  state_.Read([&](const State& state) {
    return state.reaped || pid_ <= 0 ? 0 : kill(pid_, signal_number);
  });
  // Each thread stops when it next takes signals.
  if (signal_number == SIGSTOP) Eventually([this] { return HasStopped(pid_); });
}

void ChildProcess::ReadOutput(int fd, Output output) {
  const std::size_t index = IndexOf(output);
  char buffer[4096];
  for (ssize_t count = 0; (count = read(fd, buffer, sizeof(buffer))) != 0;) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    state_.Update([&](State& state) {
      state.printed[index].append(buffer, static_cast<std::size_t>(count));
    });
  }
  close(fd);
  state_.Update([&](State& state) { state.output_ended[index] = true; });
}

void ChildProcess::AwaitEnd() {
  siginfo_t information = {};
  // Leaves it unreaped, so that Signal knows whom it hits until the lock is held.
  while (pid_ > 0 && waitid(P_PID, static_cast<id_t>(pid_), &information, WEXITED | WNOWAIT) != 0 &&
         errno == EINTR) {
  }
  state_.Update([&](State& state) {
    int status = 0;
    if (pid_ > 0) waitpid(pid_, &status, 0);
    state.reaped = true;
    state.status.code = WIFEXITED(status) ? WEXITSTATUS(status) : 127;
    state.status.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  });
}

Finished RunToEnd(ProcessOptions options, absl::Duration timeout) {
  ChildProcess process(std::move(options));
  std::optional<ExitStatus> status = process.Wait(timeout);
  if (!status) {
    process.Signal(SIGKILL);
    status = process.Wait().value_or(ExitStatus{127, SIGKILL});
  }
  return {*status, process.Printed(ChildProcess::Output::kStandard),
          process.Printed(ChildProcess::Output::kError)};
}

}  // namespace sluice::tests
