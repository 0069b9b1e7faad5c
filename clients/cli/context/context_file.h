#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <string>
#include <vector>

namespace sluice::cli {

// The servers that somebody uses, by name, as the configuration file tells them:
//
//   current-context = "staging"
//
//   [context.staging]
//   server = "sluice.staging.example:443"
//   token-file = "staging.token"
//   tls-ca = "/etc/ssl/certs/ca-certificates.crt"
//
// A context holds options of the command line without their dashes (kContextKeys).
struct ContextFile {
  std::string current;  // Empty where none is.
  std::map<std::string, std::map<std::string, std::string>> contexts;
};

// $XDG_CONFIG_HOME/sluice/config.toml, else ~/.config/sluice/config.toml; empty without a home.
std::string ContextFilePath();

// A file that does not exist holds nothing. Paths in it are those that a command can open: relative
// ones are taken from the file's directory, `~/` is the home.
// Errors: INVALID_ARGUMENT, with the file's name, when it cannot be read, holds an unknown key,
//         or a context without a server. Its current-context may be none of its contexts.
absl::StatusOr<ContextFile> ReadContextFile(const std::string& path);

// Makes `name` the current context, and leaves every other line of the file as it is.
// Errors: as ReadContextFile; INVALID_ARGUMENT when there is no such context, INTERNAL when the
//         file cannot be written, which it then is as before.
absl::Status SetCurrentContext(const std::string& path, const std::string& name);

// Sorted.
std::vector<std::string> NamesOf(const ContextFile& file);

// That there is no such context, and which there are.
absl::Status NoSuchContext(const ContextFile& file, const std::string& name,
                           const std::string& path);

}  // namespace sluice::cli
