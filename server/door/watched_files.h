#pragma once

#include <absl/functional/any_invocable.h>
#include <absl/status/statusor.h>

#include <string>
#include <vector>

namespace sluice {

// A file that a flag names.
struct NamedFile {
  std::string flag;  // Without dashes.
  std::string path;
};

// Files that belong together, such as a certificate and its key, whose contents are taken over
// again when one of them changes.
// Thread: one at a time.
// Limits: files of at most kBytesMax.
class WatchedFiles {
 public:
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20;

  using Contents = std::vector<std::string>;

  // `apply` takes the contents in the order of `files`, or says what is wrong with them, most of
  // all with the first, and leaves everything as it is.
  WatchedFiles(std::vector<NamedFile> files,
               absl::AnyInvocable<absl::Status(const Contents&)> apply);

  // Reads and applies. The error names flag and file and says nothing of the contents.
  absl::Status Load();

  // Does so again if the contents are others than the last time. What went wrong is logged, once a
  // change; what was applied last stays in force.
  void Reload();

 private:
  absl::StatusOr<Contents> Read() const;

  const std::vector<NamedFile> files_;
  absl::AnyInvocable<absl::Status(const Contents&)> apply_;
  Contents contents_;
  bool is_missing_ = false;
};

}  // namespace sluice
