// clients/cli/publish/publish_command.cc
#include "clients/cli/publish/publish_command.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/time/clock.h>

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "clients/cli/command/option.h"
#include "clients/cli/output/json.h"
#include "clients/cli/publish/line_source.h"
#include "clients/cli/publish/progress.h"
#include "clients/cli/publish/publish_exchange.h"
#include "clients/cli/rpc/failure.h"
#include "clients/cli/text/readable.h"

namespace sluice::cli {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(100);

// A person reads the first failures; -o jsonl has all of them.
constexpr std::int64_t kFailuresShownMax = 20;

// Writes the outcomes of one publish as they come, and what they add up to.
// Thread: one thread.
class PublishReport {
 public:
  PublishReport(const Program& program, const LineSource& lines)
      : terminal_(program.terminal), format_(program.format), lines_(lines), progress_(terminal_) {}

  void Add(const std::vector<PublishExchange::Outcome>& outcomes) {
    for (const PublishExchange::Outcome& outcome : outcomes) AddOne(outcome);
    if (format_ == OutputFormat::kJsonLines) terminal_.out.flush();
    counts_.taken_bytes = lines_.taken_bytes();
    counts_.total_bytes = lines_.total_bytes();
    progress_.Update(counts_, absl::Now() - start_);
  }

  // Those that the end of the call has left without an answer; what ended it is told elsewhere.
  void AddUnanswered(const std::vector<PublishExchange::Outcome>& outcomes) {
    if (format_ == OutputFormat::kJsonLines || outcomes.empty()) return Add(outcomes);
    const auto count = static_cast<std::int64_t>(outcomes.size());
    counts_.entries += count;
    counts_.failed += count;
    progress_.Clear();
    WriteError(terminal_, absl::StrCat("no answer for ", FormatCount(count), " entries from line ",
                                       outcomes.front().line_number,
                                       " on; their events may have been published"));
    unanswered_ = count;
  }

  // Ends the progress bar and writes the summary.
  void Finish() {
    progress_.Clear();
    const absl::Duration elapsed = absl::Now() - start_;
    const double rate = EntryRate(counts_.entries, elapsed);
    const std::int64_t hidden = counts_.failed - unanswered_ - kFailuresShownMax;
    if (hidden > 0 && format_ != OutputFormat::kJsonLines) {
      terminal_.err << "  and " << FormatCount(hidden) << " more; -o jsonl tells them all\n";
    }
    if (format_ == OutputFormat::kTable) {
      terminal_.out << absl::StrFormat("entries %d  failed %d  duration %s  rate %.0f/s\n",
                                       counts_.entries, counts_.failed, FormatElapsed(elapsed),
                                       rate);
    } else if (format_ == OutputFormat::kJson) {
      terminal_.out << absl::StrFormat(
          "{\n \"entries\": %d,\n \"failed\": %d,\n \"duration_seconds\": %.3f,\n"
          " \"rate\": %.1f\n}\n",
          counts_.entries, counts_.failed, absl::ToDoubleSeconds(elapsed), rate);
    }
    terminal_.out.flush();
  }

  bool HasFailures() const { return counts_.failed > 0; }

 private:
  void AddOne(const PublishExchange::Outcome& outcome) {
    ++counts_.entries;
    const bool is_failure = !outcome.response.has_delivery();
    if (is_failure) ++counts_.failed;
    if (format_ == OutputFormat::kJsonLines) {
      WriteJsonLine(outcome);
    } else if (is_failure && counts_.failed <= kFailuresShownMax) {
      progress_.Clear();
      const std::vector<std::string> lines = Describe(outcome.response.error());
      WriteError(terminal_, absl::StrCat("line ", outcome.line_number, ": ", lines.front()));
      for (std::size_t i = 1; i < lines.size(); ++i) terminal_.err << "  " << lines[i] << '\n';
    }
  }

  void WriteJsonLine(const PublishExchange::Outcome& outcome) {
    if (outcome.response.has_delivery()) {
      terminal_.out << ToJson(outcome.response.delivery(), JsonLayout::kLine) << '\n';
      return;
    }
    terminal_.out << "{\"line\":" << outcome.line_number
                  << ",\"error\":" << ToJson(outcome.response.error(), JsonLayout::kLine) << "}\n";
  }

  const Terminal& terminal_;
  const OutputFormat format_;
  const LineSource& lines_;
  Progress progress_;
  PublishCounts counts_;
  std::int64_t unanswered_ = 0;
  const absl::Time start_ = absl::Now();
};

ExitCode Publish(Program& program, const std::string& input) {
  const auto server = Server::Open(program.server);
  if (!server.ok()) {
    return ReportWrongUsage(program.terminal, std::string(server.status().message()));
  }
  const auto lines = LineSource::Open(input, program.terminal.input_fd);
  if (!lines.ok()) {
    return ReportWrongUsage(program.terminal, std::string(lines.status().message()));
  }
  PublishExchange exchange(**server, **lines);
  PublishReport report(program, **lines);
  std::vector<PublishExchange::Outcome> outcomes;
  while (exchange.Next(kTick, outcomes)) {
    report.Add(outcomes);
    outcomes.clear();
  }
  const google::rpc::Status status = exchange.Finish(outcomes);
  report.AddUnanswered(outcomes);
  report.Finish();
  if (status.code() != grpc::StatusCode::OK) {
    return ReportFailure(program.terminal, status, (*server)->address());
  }
  if (!exchange.input_failure().empty()) {
    WriteError(program.terminal, absl::StrCat("reading the input: ", exchange.input_failure()));
    return ExitCode::kRefused;
  }
  return report.HasFailures() ? ExitCode::kRefused : ExitCode::kDone;
}

}  // namespace

void AddPublishCommand(CLI::App& app, Program& program) {
  const auto input = std::make_shared<std::string>();
  CLI::App* publish = app.add_subcommand("publish", "Send many events over one call");
  publish
      ->add_option(
          "--input", *input,
          "File with one PublishRequest as JSON on each line; '-' reads the standard input")
      ->required()
      ->type_name("FILE");
  AddExamples(
      *publish,
      "  sluicectl publish --input events.jsonl\n"
      "  generate | sluicectl publish --input - -o jsonl\n"
      "where a line is one of\n"
      "  {\"group\":\"news\",\"event\":{\"event\":\"headline\",\"data\":\"...\"}}\n"
      "  {\"client_id\":\"alice\",\"event\":{\"data\":\"...\"}}\n"
      "  {\"broadcast\":true,\"event\":{\"data\":\"...\"},\"options\":{\"ephemeral\":true}}");
  publish->final_callback([&program, input] {
    program.action = [&program, input] { return Publish(program, *input); };
  });
}

}  // namespace sluice::cli
