#include "control/caller/tokens_file.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using Strings = std::vector<std::string>;

const std::string kHash(64, 'a');

// One [[token]] that is right, but for these lines in the place of those of the same key.
std::string TokenWith(const std::string& lines) {
  std::string text = "[[token]]\n";
  for (const auto& [key, line] :
       std::vector<std::pair<std::string, std::string>>{{"name", "name = \"ci\""},
                                                        {"sha256", "sha256 = \"" + kHash + "\""},
                                                        {"scopes", "scopes = [\"publish\"]"}}) {
    if (lines.find(key + " =") == std::string::npos) text += line + "\n";
  }
  return text + lines + "\n";
}

// The message; empty when the file was taken.
std::string Refusal(const std::string& text) {
  const auto file = ParseTokensFile(text);
  return file.ok() ? "" : std::string(file.status().message());
}

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(TokensFile, GivesTokensAndCertificates) {
  const auto file = ParseTokensFile(R"(
# the billing service
[[token]]
name = "billing"
sha256 = "00000000000000000000000000000000000000000000000000000000000000FF"
scopes = ["publish", "clients.read"]
group_prefixes = ["b.", "a.", "a.b."]
client_id_prefixes = []
expires = "2027-01-31T12:00:00+01:00"

[[certificate]]
name = "edge"
san = "spiffe://example/edge"
scopes = ["admin"]
expires = 2027-01-31T12:00:00Z
)");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->tokens.size(), 1U);
  EXPECT_EQ(file->tokens[0].secret_hash[31], 0xFF);
  const Caller& billing = *file->tokens[0].caller;
  EXPECT_EQ(billing.name, "billing");
  EXPECT_EQ(billing.scopes, (std::vector<Scope>{Scope::kPublish, Scope::kClientsRead}));
  EXPECT_EQ(billing.group_prefixes, (Strings{"a.", "b."}));
  EXPECT_EQ(billing.client_id_prefixes, Strings{});
  EXPECT_EQ(absl::FormatTime(billing.expires, absl::UTCTimeZone()), "2027-01-31T11:00:00+00:00");
  ASSERT_EQ(file->certificates.size(), 1U);
  EXPECT_EQ(file->certificates[0].san, "spiffe://example/edge");
  EXPECT_FALSE(file->certificates[0].caller->is_narrowed());
  EXPECT_EQ(absl::FormatTime(file->certificates[0].caller->expires, absl::UTCTimeZone()),
            "2027-01-31T12:00:00+00:00");
}

TEST(TokensFile, MayHoldNobody) {
  const auto file = ParseTokensFile("");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->tokens.empty());
}

TEST(TokensFile, NamesLineAndKeyOfWhatIsWrong) {
  EXPECT_EQ(Refusal(TokenWith("")), "");
  for (const auto& [lines, key] : std::vector<std::pair<std::string, std::string>>{
           {"name = \"\"", "name"},
           {"name = 7", "name"},
           {"name = \"a\\nb\"", "name"},
           {"sha256 = \"abc\"", "sha256"},
           {"sha256 = \"" + std::string(64, 'g') + "\"", "sha256"},
           {"scopes = []", "scopes"},
           {"scopes = \"publish\"", "scopes"},
           {"scopes = [\"publsh\"]", "scopes"},
           {"scopes = [1]", "scopes"},
           {"group_prefixes = \"a\"", "group_prefixes"},
           {"group_prefixes = [\"a b\"]", "group_prefixes"},
           {"client_id_prefixes = [[]]", "client_id_prefixes"},
           {"expires = \"soon\"", "expires"},
           {"expires = 2027-01-31", "expires"},
           {"expires = 2027-01-31T12:00:00", "expires"},
           {"expire = \"2027-01-31T12:00:00Z\"", "expire"},
           {"san = \"a.example\"", "san"}}) {
    const std::string message = Refusal(TokenWith(lines));
    EXPECT_TRUE(Holds(message, "`" + key + "` of [[token]]")) << lines << ": " << message;
    EXPECT_TRUE(Holds(message, "line ")) << message;
  }
  EXPECT_TRUE(Holds(Refusal("[[token]]\nname = \"a\"\nscopes = [\"admin\"]\n"), "`sha256`"));
  EXPECT_TRUE(Holds(Refusal("[[certificate]]\nname = \"a\"\nscopes = [\"admin\"]\n"), "`san`"));
}

TEST(TokensFile, SaysWhichScopesThereAre) {
  EXPECT_TRUE(Holds(Refusal(TokenWith("scopes = [\"publsh\"]")),
                    "`publsh`; expected publish, clients.read"));
}

TEST(TokensFile, RefusesNamesThatAreUsedTwice) {
  EXPECT_TRUE(Holds(Refusal(TokenWith("") + TokenWith("")), "is used twice"));
}

TEST(TokensFile, RefusesOtherTables) {
  EXPECT_TRUE(Holds(Refusal("[[tokens]]\nname = \"a\"\n"), "`tokens` is unknown"));
  EXPECT_TRUE(Holds(Refusal("[token]\nname = \"a\"\n"), "is no table [[token]]"));
  EXPECT_TRUE(Holds(Refusal("token = 7\n"), "is no table [[token]]"));
}

// Found by a fuzzer: the library assumes that a table's name begins as names do.
TEST(TokensFile, SurvivesTablesWithoutAName) {
  EXPECT_TRUE(Holds(Refusal("[|o\n\x11"
                            "en]\nname = \n"),
                    "is no valid TOML"));
}

// Found by a fuzzer: over other characters the library runs into what it calls unreachable.
TEST(TokensFile, IsAsciiButForLinesOfComments) {
  EXPECT_TRUE(Holds(Refusal("\xEF\xBB\xAF"), "line 1: holds what is not ASCII"));
  EXPECT_TRUE(Holds(Refusal("\xEF\xBB\xBF" + TokenWith("")), "not ASCII"));
  EXPECT_TRUE(Holds(Refusal(TokenWith("group_prefixes = [\"caf\xC3\xA9.\"]")), "line 5: "));
  EXPECT_TRUE(Holds(Refusal("\xFF"), "no UTF-8"));
  EXPECT_EQ(Refusal("  # caf\xC3\xA9\n" + TokenWith("group_prefixes = [\"caf\\u00E9.\"]")), "");
}

// What stands at the place of an error may be a secret.
TEST(TokensFile, RepeatsNoSecretInErrors) {
  for (const std::string& text :
       {TokenWith("sha256 = \"geheim\""), std::string("[[token]]\nsha256 = geheim\n"),
        std::string("geheim"), TokenWith("expires = \"geheim\"")}) {
    const std::string message = Refusal(text);
    EXPECT_NE(message, "");
    EXPECT_FALSE(Holds(message, "geheim")) << message;
  }
}

TEST(TokensFile, IsBounded) {
  std::string many = "[";
  for (int i = 0; i < 65; ++i) absl::StrAppend(&many, "\"p", i, "\",");
  EXPECT_TRUE(Holds(Refusal(TokenWith("group_prefixes = " + many + "]")), "65 entries"));
}

}  // namespace
}  // namespace sluice
