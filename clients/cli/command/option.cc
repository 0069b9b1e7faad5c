// clients/cli/command/option.cc
#include "clients/cli/command/option.h"

#include "clients/cli/input/argument.h"

namespace sluice::cli {

CLI::Option* AddDuration(CLI::App& app, const std::string& name,
                         std::optional<absl::Duration>& value, const std::string& description) {
  const auto parse = [name, &value](const std::string& text) {
    const auto duration = ParseDuration(text);
    if (!duration.ok()) throw CLI::ValidationError(name, std::string(duration.status().message()));
    value = *duration;
  };
  return app.add_option_function<std::string>(name, parse, description)->type_name("DURATION");
}

void SetDuration(absl::Duration duration, google::protobuf::Duration& field) {
  absl::Duration rest;
  field.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  field.set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(rest)));
}

CLI::Option* AddKeyValues(CLI::App& app, const std::string& name,
                          google::protobuf::Map<std::string, std::string>& values,
                          const std::string& description) {
  const auto parse = [name, &values](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      const auto key_value = ParseKeyValue(text);
      if (!key_value.ok()) {
        throw CLI::ValidationError(name, std::string(key_value.status().message()));
      }
      values[key_value->first] = key_value->second;
    }
  };
  return app.add_option_function<std::vector<std::string>>(name, parse, description)
      ->type_name("KEY=VALUE");
}

void AddExamples(CLI::App& app, const std::string& examples) {
  app.footer("Examples:\n" + examples +
             "\n\nOptions for every command, such as --server and -o: 'sluicectl --help'");
}

}  // namespace sluice::cli
