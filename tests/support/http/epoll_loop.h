#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace sluice::tests {

// One thread that waits on many sockets.
// Thread: Post from any thread; everything else from functions that the loop itself calls.
// Limits: what the process may open.
class EpollLoop {
 public:
  // Called with EPOLLIN and the like.
  using Handler = std::function<void(std::uint32_t)>;

  EpollLoop();
  ~EpollLoop();
  EpollLoop(const EpollLoop&) = delete;
  EpollLoop& operator=(const EpollLoop&) = delete;

  // Calls task() on the loop's thread, in the order posted. Dropped once Stop was called.
  void Post(std::function<void()> task);

  // Ends the thread and drops all handlers. No handler runs when it has returned.
  void Stop();

  // Calls handler for `events` of fd until it is removed; at once changes what is waited for when
  // it is there already.
  void Watch(int fd, std::uint32_t events, Handler handler);
  void Unwatch(int fd);

 private:
  void Run();
  void RunTasks();

  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  std::mutex mutex_;
  std::vector<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::unordered_map<int, Handler> handlers_;
  std::thread thread_;
};

}  // namespace sluice::tests
