// clients/cli/publish/line_source.cc
#include "clients/cli/publish/line_source.h"

#include <absl/status/status.h>
#include <absl/strings/str_format.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice::cli {

absl::StatusOr<std::unique_ptr<LineSource>> LineSource::Open(const std::string& path,
                                                             int input_fd) {
  const bool is_standard_input = path == "-";
  const int fd = is_standard_input ? input_fd : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status = {};
  const bool is_open = fd >= 0 && fstat(fd, &status) == 0;
  if (!is_open || S_ISDIR(status.st_mode)) {
    const int error = is_open ? EISDIR : errno;
    if (fd >= 0 && !is_standard_input) close(fd);
    return absl::InvalidArgumentError(
        absl::StrFormat("cannot read %s: %s", is_standard_input ? "the standard input" : path,
                        std::strerror(error)));
  }
  const int cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (cancel_fd < 0) {
    const int error = errno;
    if (!is_standard_input) close(fd);
    return absl::ResourceExhaustedError(
        absl::StrFormat("cannot make an eventfd: %s", std::strerror(error)));
  }
  const std::int64_t total_bytes = S_ISREG(status.st_mode) ? status.st_size : 0;
  return std::unique_ptr<LineSource>(
      new LineSource(fd, !is_standard_input, cancel_fd, total_bytes));
}

LineSource::LineSource(int fd, bool owns_fd, int cancel_fd, std::int64_t total_bytes)
    : fd_(fd), owns_fd_(owns_fd), cancel_fd_(cancel_fd), total_bytes_(total_bytes) {}

LineSource::~LineSource() {
  close(cancel_fd_);
  if (owns_fd_) close(fd_);
}

LineSource::Result LineSource::Read(std::string& line) {
  bool is_too_long = false;
  while (true) {
    const std::size_t end = buffer_.find('\n', searched_bytes_);
    if (end != std::string::npos || (is_at_end_ && !buffer_.empty())) {
      const std::size_t taken = end == std::string::npos ? buffer_.size() : end + 1;
      line.assign(buffer_, 0, end == std::string::npos ? taken : end);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      buffer_.erase(0, taken);
      searched_bytes_ = 0;
      taken_bytes_.fetch_add(static_cast<std::int64_t>(taken), std::memory_order_relaxed);
      is_too_long = is_too_long || line.size() > kLineSizeBytesMax;
      return is_too_long ? Result::kTooLong : Result::kLine;
    }
    searched_bytes_ = buffer_.size();
    if (buffer_.size() > kLineSizeBytesMax) {
      is_too_long = true;
      taken_bytes_.fetch_add(static_cast<std::int64_t>(buffer_.size()), std::memory_order_relaxed);
      buffer_.clear();
      searched_bytes_ = 0;
    }
    if (is_at_end_) return is_too_long ? Result::kTooLong : Result::kEnd;
    const Result filled = Fill();
    if (filled == Result::kFailed) line = failure_;
    if (filled != Result::kLine) return filled;
  }
}

LineSource::Result LineSource::Fill() {
  pollfd waits[] = {{fd_, POLLIN, 0}, {cancel_fd_, POLLIN, 0}};
  if (poll(waits, 2, -1) < 0) {
    if (errno == EINTR) return Result::kLine;
    failure_ = std::strerror(errno);
    return Result::kFailed;
  }
  if (waits[1].revents != 0) return Result::kCancelled;
  char bytes[65536];
  const ssize_t size_bytes = read(fd_, bytes, sizeof bytes);
  if (size_bytes < 0 && (errno == EINTR || errno == EAGAIN)) return Result::kLine;
  if (size_bytes < 0) {
    failure_ = std::strerror(errno);
    return Result::kFailed;
  }
  is_at_end_ = size_bytes == 0;
  buffer_.append(bytes, static_cast<std::size_t>(size_bytes));
  return Result::kLine;
}

void LineSource::Cancel() {
  // It can only fail when the counter is full, and then a read has been cancelled already.
  [[maybe_unused]] const int result = eventfd_write(cancel_fd_, 1);
}

}  // namespace sluice::cli
