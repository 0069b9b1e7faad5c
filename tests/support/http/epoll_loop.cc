#include "tests/support/http/epoll_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace sluice::tests {

EpollLoop::EpollLoop()
    : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = wake_fd_;
  epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event);
  thread_ = std::thread([this] { Run(); });
}

EpollLoop::~EpollLoop() {
  Stop();
  close(wake_fd_);
  close(epoll_fd_);
}

void EpollLoop::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    tasks_.push_back(std::move(task));
  }
  eventfd_write(wake_fd_, 1);
}

void EpollLoop::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  eventfd_write(wake_fd_, 1);
  if (thread_.joinable()) thread_.join();
  handlers_.clear();
  tasks_.clear();
}

void EpollLoop::Watch(int fd, std::uint32_t events, Handler handler) {
  epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  const bool known = handlers_.count(fd) > 0;
  handlers_[fd] = std::move(handler);
  epoll_ctl(epoll_fd_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
}

void EpollLoop::Unwatch(int fd) {
  if (handlers_.erase(fd) > 0) epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
}

void EpollLoop::Run() {
  std::array<epoll_event, 256> ready = {};
  for (;;) {
    const int count = epoll_wait(epoll_fd_, ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = ready[static_cast<std::size_t>(i)];
      const auto found = handlers_.find(event.data.fd);
      if (found == handlers_.end()) continue;
      const Handler handler = found->second;  // It may remove itself while it runs.
      handler(event.events);
    }
    // After the events, so that a closed fd's number can't be taken anew within the round.
    RunTasks();
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

void EpollLoop::RunTasks() {
  eventfd_t ignored = 0;
  eventfd_read(wake_fd_, &ignored);
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (const std::function<void()>& task : tasks) task();
}

}  // namespace sluice::tests
