#include "server/door/watched_files.h"

#include <absl/strings/str_cat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "edge/log/log.h"

namespace sluice {
namespace {

absl::Status Explain(const NamedFile& file, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("--", file.flag, ": the file ", file.path, " ",
                                                  status.message()));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string contents(WatchedFiles::kBytesMax + 1, '\0');
  file.read(contents.data(), static_cast<std::streamsize>(contents.size()));
  if (!file.is_open() || file.bad()) {
    return absl::InvalidArgumentError(absl::StrCat("can't be read: ", std::strerror(errno)));
  }
  contents.resize(static_cast<std::size_t>(file.gcount()));
  if (contents.size() > WatchedFiles::kBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("is over ", WatchedFiles::kBytesMax, " bytes"));
  }
  return contents;
}

}  // namespace

WatchedFiles::WatchedFiles(std::vector<NamedFile> files,
                           absl::AnyInvocable<absl::Status(const Contents&)> apply)
    : files_(std::move(files)), apply_(std::move(apply)) {}

absl::StatusOr<WatchedFiles::Contents> WatchedFiles::Read() const {
  Contents all;
  for (const NamedFile& file : files_) {
    auto contents = ReadFile(file.path);
    if (!contents.ok()) return Explain(file, contents.status());
    all.push_back(*std::move(contents));
  }
  return all;
}

absl::Status WatchedFiles::Load() {
  auto contents = Read();
  if (!contents.ok()) return contents.status();
  contents_ = *std::move(contents);
  const absl::Status applied = apply_(contents_);
  return applied.ok() ? applied : Explain(files_.front(), applied);
}

void WatchedFiles::Reload() {
  auto contents = Read();
  const bool was_missing = std::exchange(is_missing_, !contents.ok());
  if (!contents.ok() && was_missing) return;
  absl::Status status = contents.status();
  if (contents.ok()) {
    if (*contents == contents_) return;
    contents_ = *std::move(contents);
    status = apply_(contents_);
    if (!status.ok()) status = Explain(files_.front(), status);
  }
  if (status.ok()) {
    Log(spdlog::level::info, "a file has changed and was read again",
        {{"flag", "--" + files_.front().flag}, {"file", files_.front().path}});
  } else {
    Log(spdlog::level::err, "a file has changed and can't be used; the last good one stays",
        {{"error", std::string(status.message())}});
  }
}

}  // namespace sluice
