#include "control/caller/tokens_file.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

namespace sluice {

// What toml++ takes for granted does not hold of every broken file (`[|`). As it comes, that is
// undefined behaviour in a release and the end of the process otherwise.
struct BrokenTomlAssumption {};

constexpr void CheckTomlAssumption(bool holds) {
  if (!holds) throw BrokenTomlAssumption();
}

}  // namespace sluice

#undef NDEBUG
#define TOML_ASSERT(holds) sluice::CheckTomlAssumption(static_cast<bool>(holds))
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include <algorithm>
#include <set>
#include <utility>

#include "edge/names/text_rules.h"

namespace sluice {
namespace {

constexpr std::size_t kNameBytesMaxOfCaller = 128;
constexpr std::size_t kSanBytesMax = 1024;

absl::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

// Of characters beyond ASCII toml++ asks whether they are white space, and its answer is undefined
// for many. So they may stand in comments that have a line of their own, and nowhere else.
absl::Status CheckAscii(std::string_view text) {
  int line = 0;
  for (const absl::string_view written : absl::StrSplit(View(text), '\n')) {
    ++line;
    if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(written), "#")) continue;
    const bool is_ascii = std::all_of(written.begin(), written.end(),
                                      [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (is_ascii) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("line ", line, ": holds what is not ASCII; expected \\uXXXX in its place"));
  }
  return absl::OkStatus();
}

// RFC 3339 as text, or a TOML date with an offset.
std::optional<absl::Time> ReadTime(const toml::node& node) {
  absl::Time time;
  if (const auto* text = node.as_string()) {
    std::string error;
    if (absl::ParseTime(absl::RFC3339_full, text->get(), &time, &error)) return time;
    return std::nullopt;
  }
  const auto* date = node.as_date_time();
  if (date == nullptr || !date->get().offset.has_value()) return std::nullopt;
  const toml::date_time& at = date->get();
  const absl::CivilSecond civil(at.date.year, at.date.month, at.date.day, at.time.hour,
                                at.time.minute, at.time.second);
  return absl::FromCivil(civil, absl::FixedTimeZone(at.offset->minutes * 60));
}

// Reads one table and remembers the first thing that is wrong with it.
class EntryReader {
 public:
  EntryReader(const toml::table& table, const char* kind) : table_(table), kind_(kind) {}

  void Fail(const toml::node& at, absl::string_view key, absl::string_view wrong) {
    if (!status_.ok()) return;
    status_ = absl::InvalidArgumentError(
        absl::StrCat("line ", at.source().begin.line, ": `", key, "` of [[", kind_, "]] ", wrong));
  }

  void FailTable(absl::string_view key, absl::string_view wrong) { Fail(table_, key, wrong); }

  // A text of 1 to `bytes_max` bytes without control characters.
  std::string Text(const char* key, std::size_t bytes_max) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) {
      FailTable(key, "is missing");
      return "";
    }
    const auto* text = node->as_string();
    const bool is_good = text != nullptr && !text->get().empty() &&
                         text->get().size() <= bytes_max &&
                         std::none_of(text->get().begin(), text->get().end(),
                                      [](unsigned char c) { return absl::ascii_iscntrl(c); });
    if (!is_good) {
      Fail(*node, key, absl::StrCat("is no text of 1 to ", bytes_max, " bytes in one line"));
      return "";
    }
    return text->get();
  }

  std::optional<std::vector<std::string>> List(const char* key) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    std::vector<std::string> list;
    const toml::array* entries = node->as_array();
    if (entries == nullptr) Fail(*node, key, "is no list of texts");
    for (std::size_t i = 0; entries != nullptr && i < entries->size(); ++i) {
      const auto* text = entries->get(i)->as_string();
      if (text == nullptr) {
        Fail(*entries->get(i), key, "is no list of texts");
        break;
      }
      list.push_back(text->get());
    }
    return list;
  }

  std::vector<Scope> Scopes() {
    const auto names = List("scopes");
    if (!names.has_value()) {
      FailTable("scopes", "is missing; expected a list such as [\"publish\"]");
      return {};
    }
    std::vector<Scope> scopes;
    for (const std::string& name : *names) {
      const auto scope = ParseScope(name);
      if (!scope.has_value()) {
        FailTable("scopes", absl::StrCat("holds `", name,
                                         "`; expected publish, clients.read, clients.write, "
                                         "state.read, state.write or admin"));
        return {};
      }
      scopes.push_back(*scope);
    }
    if (scopes.empty()) FailTable("scopes", "is empty; expected at least one");
    return scopes;
  }

  std::optional<std::vector<std::string>> Prefixes(const char* key) {
    auto prefixes = List(key);
    if (!prefixes.has_value()) return std::nullopt;
    if (prefixes->size() > kPrefixesMax) {
      FailTable(key, absl::StrCat("has ", prefixes->size(), " entries; at most ", kPrefixesMax,
                                  " are allowed"));
    }
    for (const std::string& prefix : *prefixes) {
      const absl::Status status = CheckNamePrefix(prefix);
      if (!status.ok()) FailTable(key, absl::StrCat("holds a prefix that ", status.message()));
    }
    return NormalizedPrefixes(*std::move(prefixes));
  }

  CallerPointer ReadCaller() {
    auto caller = std::make_shared<Caller>();
    caller->name = Text("name", kNameBytesMaxOfCaller);
    caller->id = absl::StrCat("file:", caller->name);
    caller->scopes = Scopes();
    caller->group_prefixes = Prefixes("group_prefixes");
    caller->client_id_prefixes = Prefixes("client_id_prefixes");
    if (const toml::node* node = table_.get("expires")) {
      const auto time = ReadTime(*node);
      if (!time.has_value()) {
        Fail(*node, "expires", "is no time of RFC 3339 such as 2027-01-31T12:00:00Z");
      }
      caller->expires = time.value_or(absl::InfinitePast());
    }
    return caller;
  }

  TokensFile::Sha256 Hash() {
    TokensFile::Sha256 hash = {};
    const toml::node* node = table_.get("sha256");
    if (node == nullptr) {
      FailTable("sha256", "is missing; expected the hash of the secret in 64 hex digits");
      return hash;
    }
    const auto* text = node->as_string();
    const bool is_hex = text != nullptr && text->get().size() == 2 * hash.size() &&
                        std::all_of(text->get().begin(), text->get().end(),
                                    [](unsigned char c) { return absl::ascii_isxdigit(c); });
    if (!is_hex) {
      Fail(*node, "sha256", "is no hash; expected 64 hex digits");
      return hash;
    }
    const std::string bytes = absl::HexStringToBytes(text->get());
    std::copy(bytes.begin(), bytes.end(), hash.begin());
    return hash;
  }

  // Every key must be one of ours: a misspelt `expires` would make a credential that never does.
  void CheckKeys(const char* credential) {
    for (const auto& [key, node] : table_) {
      const std::string_view name = key.str();
      const bool is_known = name == credential || name == "name" || name == "scopes" ||
                            name == "group_prefixes" || name == "client_id_prefixes" ||
                            name == "expires";
      if (!is_known) {
        Fail(node, View(name),
             absl::StrCat("is unknown; expected name, ", credential,
                          ", scopes, group_prefixes, client_id_prefixes or expires"));
      }
    }
  }

  const absl::Status& status() const { return status_; }

 private:
  const toml::table& table_;
  const char* const kind_;
  absl::Status status_;
};

// Calls `read` for each table of an array of them.
template <typename Read>
absl::Status ForEachTable(const toml::table& file, const char* kind, Read read) {
  const toml::node* node = file.get(kind);
  if (node == nullptr) return absl::OkStatus();
  const toml::array* tables = node->as_array();
  if (tables == nullptr || !tables->is_array_of_tables()) {
    return absl::InvalidArgumentError(absl::StrCat("line ", node->source().begin.line, ": `", kind,
                                                   "` is no table [[", kind, "]]"));
  }
  if (tables->size() > kCallersMax) {
    return absl::InvalidArgumentError(absl::StrCat("has ", tables->size(), " tables [[", kind,
                                                   "]]; at most ", kCallersMax, " are allowed"));
  }
  for (const toml::node& table : *tables) {
    EntryReader reader(*table.as_table(), kind);
    read(reader);
    if (!reader.status().ok()) return reader.status();
  }
  return absl::OkStatus();
}

absl::Status ReadEntries(const toml::table& file, TokensFile& read) {
  std::set<std::string> names;
  const auto check_name = [&names](EntryReader& reader, const Caller& caller) {
    if (!names.insert(caller.name).second) reader.FailTable("name", "is used twice");
  };
  const absl::Status tokens = ForEachTable(file, "token", [&](EntryReader& reader) {
    reader.CheckKeys("sha256");
    read.tokens.push_back({reader.Hash(), reader.ReadCaller()});
    check_name(reader, *read.tokens.back().caller);
  });
  if (!tokens.ok()) return tokens;
  return ForEachTable(file, "certificate", [&](EntryReader& reader) {
    reader.CheckKeys("san");
    read.certificates.push_back({reader.Text("san", kSanBytesMax), reader.ReadCaller()});
    check_name(reader, *read.certificates.back().caller);
  });
}

}  // namespace

absl::StatusOr<TokensFile> ParseTokensFile(std::string_view text) {
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError("is no UTF-8 text");
  const absl::Status ascii = CheckAscii(text);
  if (!ascii.ok()) return ascii;
  toml::table file;
  try {
    file = toml::parse(text);
  } catch (const toml::parse_error& error) {
    // The description may repeat what stands there, and that may be a secret.
    return absl::InvalidArgumentError(absl::StrCat("line ", error.source().begin.line, ", column ",
                                                   error.source().begin.column,
                                                   ": is no valid TOML"));
  } catch (const BrokenTomlAssumption&) {
    return absl::InvalidArgumentError("is no valid TOML");
  }
  for (const auto& [key, node] : file) {
    if (key.str() == "token" || key.str() == "certificate") continue;
    return absl::InvalidArgumentError(absl::StrCat("line ", node.source().begin.line, ": `",
                                                   View(key.str()),
                                                   "` is unknown; expected [[token]] and "
                                                   "[[certificate]] tables"));
  }
  TokensFile read;
  const absl::Status status = ReadEntries(file, read);
  if (!status.ok()) return status;
  return read;
}

}  // namespace sluice
