// clients/cli/publish/line_source.h
#pragma once

#include <absl/status/statusor.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sluice::cli {

// Lines of a file, a pipe or a terminal, with a way out of a read that waits for more.
// Owner:  the command. It closes the descriptor only where it has opened it.
// Thread: one reader; Cancel from any thread.
// Limits: kLineSizeBytesMax a line; of a longer one the rest is read and thrown away.
// Errors: Open gives INVALID_ARGUMENT when the file cannot be opened.
class LineSource {
 public:
  // 65,000 bytes of data, each of them escaped as \u00XX, are 390,000.
  static constexpr std::size_t kLineSizeBytesMax = 1 << 20;

  enum class Result { kLine, kTooLong, kEnd, kCancelled, kFailed };

  // "-" for `input_fd`.
  static absl::StatusOr<std::unique_ptr<LineSource>> Open(const std::string& path, int input_fd);
  ~LineSource();
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;

  // The next line without its end. After kFailed, `line` holds the reason.
  Result Read(std::string& line);

  // Ends a Read that waits, and all that follow.
  void Cancel();

  // Bytes taken so far, and how many there are in all; 0 where that is unknown.
  std::int64_t taken_bytes() const { return taken_bytes_.load(std::memory_order_relaxed); }
  std::int64_t total_bytes() const { return total_bytes_; }

 private:
  LineSource(int fd, bool owns_fd, int cancel_fd, std::int64_t total_bytes);

  // Appends to buffer_. kLine means that there is more to look at.
  Result Fill();

  const int fd_;
  const bool owns_fd_;
  const int cancel_fd_;
  const std::int64_t total_bytes_;
  std::string buffer_;
  std::size_t searched_bytes_ = 0;  // Of buffer_, without a line end in them.
  bool is_at_end_ = false;
  std::string failure_;
  // Written by the reader, read for the progress bar; nothing else depends on it.
  std::atomic<std::int64_t> taken_bytes_ = 0;
};

}  // namespace sluice::cli
