#include "tests/bench/measure/worker.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <utility>

namespace sluice::bench {
namespace {

// Empty: the other side has closed.
std::string ReceiveLine(int fd, std::string& received) {
  while (received.find('\n') == std::string::npos) {
    char bytes[65536];
    const ssize_t count = recv(fd, bytes, sizeof(bytes), 0);
    if (count <= 0) return "";
    received.append(bytes, static_cast<std::size_t>(count));
  }
  const std::size_t end = received.find('\n');
  std::string line = received.substr(0, end);
  received.erase(0, end + 1);
  return line;
}

void SendLine(int fd, const std::string& line) {
  const std::string bytes = line + "\n";
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) Die("a worker has gone");
    sent += static_cast<std::size_t>(count);
  }
}

[[noreturn]] void Serve(int fd, const Worker::Handle& handle) {
  std::string received;
  while (true) {
    const std::string line = ReceiveLine(fd, received);
    if (line.empty()) std::_Exit(0);
    SendLine(fd, handle(absl::StrSplit(line, ' ')));
  }
}

}  // namespace

Worker::Worker(const std::function<Handle()>& make_handle) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) Die("socketpair failed");
  pid_ = fork();
  if (pid_ < 0) Die("fork failed");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(fds[0]);
    Serve(fds[1], make_handle());
  }
  close(fds[1]);
  fd_ = fds[0];
}

Worker::Worker(Worker&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      fd_(std::exchange(other.fd_, -1)),
      received_(std::move(other.received_)) {}

Worker::~Worker() {
  if (pid_ < 0) return;
  close(fd_);
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Worker::Send(const std::string& command) {
  SendLine(fd_, command);
}

std::string Worker::Receive() {
  std::string line = ReceiveLine(fd_, received_);
  if (line.empty()) Die("a worker has ended");
  if (absl::StartsWith(line, "error ")) Die(line);
  return line;
}

std::string Worker::Ask(const std::string& command) {
  Send(command);
  return Receive();
}

std::int64_t CpuNanoseconds(pid_t pid) {
  std::int64_t sum = 0;
  for (const auto& task :
       std::filesystem::directory_iterator(absl::StrCat("/proc/", pid, "/task"))) {
    std::int64_t nanoseconds = 0;
    std::ifstream(task.path() / "schedstat") >> nanoseconds;
    sum += nanoseconds;
  }
  return sum;
}

std::int64_t NowNanoseconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

void Die(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::_Exit(1);
}

void RaiseFileLimit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace sluice::bench
