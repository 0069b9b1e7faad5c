#include "clients/cli/context/context_file.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/strip.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "clients/cli/input/file.h"

namespace sluice::cli {

// What toml++ takes for granted does not hold of every broken file. As it comes, that is undefined
// behaviour in a release and the end of the process otherwise.
constexpr void CheckTomlAssumption(bool holds) {
  if (!holds) throw std::logic_error("is no valid TOML");
}

}  // namespace sluice::cli

#undef NDEBUG
#define TOML_ASSERT(holds) sluice::cli::CheckTomlAssumption(static_cast<bool>(holds))
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace sluice::cli {
namespace {

constexpr absl::string_view kCurrentKey = "current-context";

struct ContextKey {
  const char* name;
  bool is_path;
};
constexpr ContextKey kContextKeys[] = {{"server", false},  {"token-file", true}, {"tls-ca", true},
                                       {"tls-cert", true}, {"tls-key", true},    {"timeout", false},
                                       {"output", false}};

absl::Status Wrong(const std::string& path, absl::string_view wrong) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", wrong));
}

absl::Status WrongAt(const std::string& path, const toml::node& node, absl::string_view wrong) {
  return Wrong(path, absl::StrCat("line ", node.source().begin.line, ": ", wrong));
}

std::string Home() {
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : home;
}

std::string Resolve(const std::string& given, const std::string& file_path) {
  if (absl::StartsWith(given, "~/")) return Home() + given.substr(1);
  return (std::filesystem::path(file_path).parent_path() / given).string();
}

const ContextKey* FindKey(std::string_view name) {
  for (const ContextKey& key : kContextKeys) {
    if (name == key.name) return &key;
  }
  return nullptr;
}

std::string KeyNames() {
  return absl::StrJoin(kContextKeys, ", ", [](std::string* out, const ContextKey& key) {
    absl::StrAppend(out, key.name);
  });
}

absl::Status ReadContext(const std::string& path, const toml::table& table,
                         std::map<std::string, std::string>& context) {
  for (const auto& [name, node] : table) {
    const ContextKey* key = FindKey(name.str());
    if (key == nullptr) {
      return WrongAt(
          path, node,
          absl::StrCat("`", std::string(name.str()), "` is unknown; expected one of ", KeyNames()));
    }
    const auto text = node.value_exact<std::string>();
    if (!text.has_value() || text->empty()) {
      return WrongAt(path, node,
                     absl::StrCat("`", key->name, "` is no text; expected one in \"\""));
    }
    context[key->name] = key->is_path ? Resolve(*text, path) : *text;
  }
  if (context.count("server") == 0) return WrongAt(path, table, "a context without `server`");
  return absl::OkStatus();
}

absl::Status ReadContexts(const std::string& path, const toml::node& node, ContextFile& file) {
  if (!node.is_table())
    return WrongAt(path, node, "`context` is no table; expected [context.NAME]");
  for (const auto& [name, context] : *node.as_table()) {
    if (!context.is_table()) {
      return WrongAt(
          path, context,
          absl::StrCat("`", std::string(name.str()), "` is no table; expected [context.NAME]"));
    }
    const absl::Status status =
        ReadContext(path, *context.as_table(), file.contexts[std::string(name.str())]);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<ContextFile> ReadTable(const std::string& path, const toml::table& table) {
  ContextFile file;
  for (const auto& [name, node] : table) {
    if (name.str() == "context") {
      const absl::Status status = ReadContexts(path, node, file);
      if (!status.ok()) return status;
    } else if (name.str() == std::string_view(kCurrentKey.data(), kCurrentKey.size())) {
      const auto text = node.value_exact<std::string>();
      if (!text.has_value()) return WrongAt(path, node, "`current-context` is no text");
      file.current = *text;
    } else {
      return WrongAt(path, node,
                     absl::StrCat("`", std::string(name.str()),
                                  "` is unknown; expected current-context and "
                                  "[context.NAME]"));
    }
  }
  return file;
}

// The same text with another current context, which stands before the first table.
std::string WithCurrent(const std::string& text, const std::string& name) {
  const std::string line = absl::StrCat(kCurrentKey, " = \"", name, "\"");
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t newline = text.find('\n', begin);
    const std::size_t end = newline == std::string::npos ? text.size() : newline + 1;
    absl::string_view written(text.data() + begin, end - begin);
    written = absl::StripLeadingAsciiWhitespace(written);
    if (absl::StartsWith(written, "[")) break;
    if (absl::StartsWith(written, kCurrentKey)) {
      const std::size_t comment = written.find('#');
      if (comment == absl::string_view::npos) {
        return absl::StrCat(text.substr(0, begin), line, "\n", text.substr(end));
      }
      return absl::StrCat(text.substr(0, begin), line, "  ", written.substr(comment),
                          text.substr(end));
    }
    begin = end;
  }
  return absl::StrCat(line, absl::StartsWith(text, "[") ? "\n\n" : "\n", text);
}

absl::StatusOr<ContextFile> Parse(const std::string& path, const std::string& text) {
  try {
    return ReadTable(path, toml::parse(text));
  } catch (const toml::parse_error& wrong) {
    return Wrong(path, absl::StrCat("line ", wrong.source().begin.line,
                                    ": is no valid TOML: ", std::string(wrong.description())));
  } catch (const std::logic_error& wrong) {
    return Wrong(path, wrong.what());
  }
}

}  // namespace

std::string ContextFilePath() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && config[0] == '/') return absl::StrCat(config, "/sluice/config.toml");
  const std::string home = Home();
  return home.empty() ? "" : home + "/.config/sluice/config.toml";
}

absl::StatusOr<ContextFile> ReadContextFile(const std::string& path) {
  std::error_code error;
  if (path.empty() || !std::filesystem::exists(path, error)) return ContextFile();
  const auto text = ReadFile(path, -1);
  if (!text.ok()) return text.status();
  return Parse(path, *text);
}

absl::Status SetCurrentContext(const std::string& path, const std::string& name) {
  const auto file = ReadContextFile(path);
  if (!file.ok()) return file.status();
  if (file->contexts.count(name) == 0) return NoSuchContext(*file, name, path);
  const auto text = ReadFile(path, -1);
  if (!text.ok()) return text.status();
  const std::string changed = WithCurrent(*text, name);
  const auto read_again = Parse(path, changed);
  if (!read_again.ok() || read_again->current != name) {
    return Wrong(path, "is written in a way that only its author can change; set current-context");
  }
  // The file that it may be a link to, and whole or not at all.
  std::error_code error;
  const std::string target = std::filesystem::canonical(path, error).string();
  const std::string written = target + ".new";
  std::ofstream out(written, std::ios::binary | std::ios::trunc);
  out << changed;
  out.close();
  if (out && !error) {
    std::filesystem::permissions(written, std::filesystem::status(target).permissions(), error);
  }
  if (out && !error) std::filesystem::rename(written, target, error);
  if (out && !error) return absl::OkStatus();
  std::error_code ignored;
  std::filesystem::remove(written, ignored);
  return absl::InternalError(absl::StrCat("cannot write ", path));
}

std::vector<std::string> NamesOf(const ContextFile& file) {
  std::vector<std::string> names;
  for (const auto& [name, context] : file.contexts) names.push_back(name);
  return names;
}

absl::Status NoSuchContext(const ContextFile& file, const std::string& name,
                           const std::string& path) {
  const std::string names = absl::StrJoin(NamesOf(file), ", ");
  return absl::InvalidArgumentError(absl::StrCat(
      "there is no context '", name, "'; ",
      names.empty() ? absl::StrCat("expected [context.", name, "] in ",
                                   path.empty() ? "~/.config/sluice/config.toml" : path)
                    : absl::StrCat("expected one of ", names)));
}

}  // namespace sluice::cli
