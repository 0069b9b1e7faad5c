#pragma once

#include <spdlog/common.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sluice {

// One named value of a log line.
class LogField {
 public:
  LogField(std::string_view name, std::string_view value) : name_(name), text_(value) {}
  LogField(std::string_view name, const std::string& value) : name_(name), text_(value) {}
  LogField(std::string_view name, const char* value) : name_(name), text_(value) {}
  template <typename Integer>
  requires std::is_integral_v<Integer> LogField(std::string_view name, Integer value)
      : name_(name), text_(std::to_string(value)), is_bare_(true) {}

  std::string_view name() const { return name_; }
  const std::string& text() const { return text_; }
  bool is_bare() const { return is_bare_; }

 private:
  std::string_view name_;
  std::string text_;
  bool is_bare_ = false;  // A number: JSON shows it without quotes.
};

enum class LogFormat { kText, kJson };

// Sets up the process's log on standard error. Call once, before the first line.
void StartLog(LogFormat format, spdlog::level::level_enum level);

// Lines below it are left out from now on. Thread: any.
void SetLogLevel(spdlog::level::level_enum level);

// Whether lines of this level are written: what is costly to say need not be made otherwise.
// Thread: any.
bool IsLogged(spdlog::level::level_enum level);

// Writes one line: `message` says what happened and never changes, the fields say to whom. As text
// `message name=value`, as JSON one object. Thread: any.
void Log(spdlog::level::level_enum level, std::string_view message,
         std::initializer_list<LogField> fields = {});

}  // namespace sluice
