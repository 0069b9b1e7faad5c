#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <string>

namespace sluice {

// A file that a flag names, whose contents are taken over again when they change.
// Thread: one at a time.
// Limits: files of at most kBytesMax.
class WatchedFile {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20;

  // `apply` takes the contents, or says what is wrong with them and leaves everything as it is.
  WatchedFile(std::string flag, std::string path,
              absl::AnyInvocable<absl::Status(const std::string&)> apply);

  // Reads and applies. The error names flag and file and says nothing of the contents.
  absl::Status Load();

  // Does so again if the contents are others than the last time. What went wrong is logged, once a
  // change; what was applied last stays in force.
  void Reload();

 private:
  absl::StatusOr<std::string> Read() const;
  absl::Status Explain(const absl::Status& status) const;

  const std::string flag_;
  const std::string path_;
  absl::AnyInvocable<absl::Status(const std::string&)> apply_;
  std::string contents_;
  bool is_missing_ = false;
};

}  // namespace sluice
