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

void AddExamples(CLI::App& app, const std::string& examples) {
  app.footer("Examples:\n" + examples +
             "\n\nOptions for every command, such as --server and -o: 'sluicectl --help'");
}

}  // namespace sluice::cli
