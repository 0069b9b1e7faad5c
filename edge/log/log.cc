#include "edge/log/log.h"

#include <absl/strings/str_cat.h>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace sluice {
namespace {

namespace json = boost::json;

// Written by StartLog, read by every line; relaxed, because nothing else hangs on it.
std::atomic<LogFormat> log_format = LogFormat::kText;

std::string Quoted(std::string_view text) {
  return json::serialize(json::string(text.data(), text.size()));
}

bool NeedsQuotes(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\x7f') return true;
  }
  return text.empty();
}

absl::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

void StartLog(LogFormat format, spdlog::level::level_enum level) {
  auto logger = spdlog::stderr_color_mt("sluice");
  logger->set_level(level);
  logger->flush_on(spdlog::level::trace);
  logger->set_pattern(format == LogFormat::kText
                          ? "%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v"
                          : R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
                      spdlog::pattern_time_type::utc);
  log_format.store(format, std::memory_order_relaxed);
  spdlog::set_default_logger(std::move(logger));
}

void SetLogLevel(spdlog::level::level_enum level) {
  spdlog::default_logger()->set_level(level);
}

bool IsLogged(spdlog::level::level_enum level) {
  return spdlog::should_log(level);
}

void Log(spdlog::level::level_enum level, std::string_view message,
         std::initializer_list<LogField> fields) {
  if (!IsLogged(level)) return;
  std::string line;
  if (log_format.load(std::memory_order_relaxed) == LogFormat::kJson) {
    line = absl::StrCat("\"message\":", Quoted(message));
    for (const LogField& field : fields) {
      absl::StrAppend(&line, ",", Quoted(field.name()), ":",
                      field.is_bare() ? field.text() : Quoted(field.text()));
    }
  } else {
    line = std::string(message);
    for (const LogField& field : fields) {
      absl::StrAppend(&line, " ", View(field.name()), "=",
                      NeedsQuotes(field.text()) ? Quoted(field.text()) : field.text());
    }
  }
  spdlog::log(level, "{}", line);
}

}  // namespace sluice
