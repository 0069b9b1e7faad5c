#include "server/door/watched_file.h"

#include <absl/strings/str_cat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "edge/log/log.h"

namespace sluice {

WatchedFile::WatchedFile(std::string flag, std::string path,
                         absl::AnyInvocable<absl::Status(const std::string&)> apply)
    : flag_(std::move(flag)), path_(std::move(path)), apply_(std::move(apply)) {}

absl::Status WatchedFile::Explain(const absl::Status& status) const {
  return absl::Status(status.code(),
                      absl::StrCat("--", flag_, ": the file ", path_, " ", status.message()));
}

absl::StatusOr<std::string> WatchedFile::Read() const {
  errno = 0;
  std::ifstream file(path_, std::ios::binary);
  std::string contents(kBytesMax + 1, '\0');
  file.read(contents.data(), static_cast<std::streamsize>(contents.size()));
  if (!file.is_open() || file.bad()) {
    return absl::InvalidArgumentError(absl::StrCat("can't be read: ", std::strerror(errno)));
  }
  contents.resize(static_cast<std::size_t>(file.gcount()));
  if (contents.size() > kBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("is over ", kBytesMax, " bytes"));
  }
  return contents;
}

absl::Status WatchedFile::Load() {
  auto contents = Read();
  if (!contents.ok()) return Explain(contents.status());
  contents_ = *std::move(contents);
  const absl::Status applied = apply_(contents_);
  return applied.ok() ? applied : Explain(applied);
}

void WatchedFile::Reload() {
  auto contents = Read();
  const bool was_missing = std::exchange(is_missing_, !contents.ok());
  if (!contents.ok() && was_missing) return;
  absl::Status status = contents.status();
  if (contents.ok()) {
    if (*contents == contents_) return;
    contents_ = *std::move(contents);
    status = apply_(contents_);
  }
  if (status.ok()) {
    Log(spdlog::level::info, "a file has changed and was read again",
        {{"flag", "--" + flag_}, {"file", path_}});
  } else {
    Log(spdlog::level::err, "a file has changed and can't be used; the last good one stays",
        {{"error", std::string(Explain(status).message())}});
  }
}

}  // namespace sluice
