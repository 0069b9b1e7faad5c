// clients/cli/token/token_command.cc
#include "clients/cli/token/token_command.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/time/time.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "clients/cli/command/option.h"
#include "clients/cli/rpc/failure.h"

namespace sluice::cli {
namespace {

namespace json = boost::json;

struct TokenArguments {
  std::string name;
  std::vector<std::string> scopes;
  std::vector<std::string> group_prefixes;
  std::vector<std::string> client_id_prefixes;
  std::string expires;
};

// Says what it is wherever it turns up, and is found by scanners for secrets.
constexpr char kSecretPrefix[] = "sluice_";
constexpr std::size_t kSecretBytes = 32;

// Empty when the system has no random bytes.
std::string MakeSecret() {
  unsigned char bytes[kSecretBytes];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) return "";
  return kSecretPrefix +
         absl::WebSafeBase64Escape({reinterpret_cast<const char*>(bytes), sizeof(bytes)});
}

std::string HexHash(const std::string& secret) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), hash);
  return absl::BytesToHexString({reinterpret_cast<const char*>(hash), sizeof(hash)});
}

// JSON's strings and lists of them are TOML's too.
std::string Quoted(const std::string& text) {
  return json::serialize(json::string(text));
}

std::string List(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) {
    absl::StrAppend(&list, list.empty() ? "" : ", ", Quoted(text));
  }
  return absl::StrCat("[", list, "]");
}

std::string Entry(const TokenArguments& arguments, const std::string& secret) {
  std::string entry = absl::StrCat("[[token]]\nname = ", Quoted(arguments.name), "\nsha256 = \"",
                                   HexHash(secret), "\"\nscopes = ", List(arguments.scopes), "\n");
  if (!arguments.group_prefixes.empty()) {
    absl::StrAppend(&entry, "group_prefixes = ", List(arguments.group_prefixes), "\n");
  }
  if (!arguments.client_id_prefixes.empty()) {
    absl::StrAppend(&entry, "client_id_prefixes = ", List(arguments.client_id_prefixes), "\n");
  }
  if (!arguments.expires.empty()) {
    absl::StrAppend(&entry, "expires = ", Quoted(arguments.expires), "\n");
  }
  return entry;
}

ExitCode CreateToken(Program& program, const TokenArguments& arguments) {
  absl::Time expires;
  std::string problem;
  if (!arguments.expires.empty() &&
      !absl::ParseTime(absl::RFC3339_full, arguments.expires, &expires, &problem)) {
    return ReportWrongUsage(program.terminal,
                            "--expires is no time of RFC 3339 such as 2027-01-31T12:00:00Z");
  }
  const std::string secret = MakeSecret();
  if (secret.empty()) {
    return ReportWrongUsage(program.terminal, "the system has no random bytes for a secret");
  }
  const std::string entry = Entry(arguments, secret);
  std::ostream& out = program.terminal.out;
  if (program.format == OutputFormat::kTable) {
    out << "The secret, which is shown only now; callers keep it in a file:\n\n"
        << secret << "\n\nFor the server's --tokens-file:\n\n"
        << entry;
  } else {
    out << json::serialize(json::object{{"secret", secret}, {"entry", entry}}) << "\n";
  }
  return ExitCode::kDone;
}

}  // namespace

void AddTokenCommands(CLI::App& app, Program& program) {
  CLI::App* token = app.add_subcommand("token", "Make tokens for callers of the server");
  token->require_subcommand(1);
  const auto arguments = std::make_shared<TokenArguments>();
  CLI::App* create = token->add_subcommand("create", "Make a secret and its entry for the server");
  create->add_option("--name", arguments->name, "Who will use it; unique in the file")
      ->required()
      ->type_name("NAME");
  create
      ->add_option("--scope", arguments->scopes,
                   "What it may do; repeatable: publish, clients.read, clients.write, state.read, "
                   "state.write or admin")
      ->required()
      ->take_all()
      ->check(CLI::IsMember(std::vector<std::string>{"publish", "clients.read", "clients.write",
                                                     "state.read", "state.write", "admin"}))
      ->type_name("SCOPE");
  create
      ->add_option("--group-prefix", arguments->group_prefixes,
                   "Narrow it to groups that begin so; repeatable")
      ->take_all()
      ->type_name("PREFIX");
  create
      ->add_option("--client-id-prefix", arguments->client_id_prefixes,
                   "Narrow it to clients whose ids begin so; repeatable")
      ->take_all()
      ->type_name("PREFIX");
  create->add_option("--expires", arguments->expires, "When it ends, such as 2027-01-31T12:00:00Z")
      ->type_name("TIME");
  AddExamples(*create,
              "  sluicectl token create --name billing --scope publish --group-prefix billing.");
  create->final_callback([&program, arguments] {
    program.uses_server = false;
    program.action = [&program, arguments] { return CreateToken(program, *arguments); };
  });
}

}  // namespace sluice::cli
