// clients/cli/output/json.cc
#include "clients/cli/output/json.h"

#include <google/protobuf/util/json_util.h>
#include <google/rpc/status.pb.h>

#include "clients/cli/text/readable.h"

namespace sluice::cli {

std::string ToJson(const google::protobuf::Message& message, JsonLayout layout) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = layout == JsonLayout::kIndented;
  std::string json;
  const auto written = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!written.ok()) {
    google::rpc::Status reduced;
    if (message.GetDescriptor() == reduced.GetDescriptor()) {
      reduced.CopyFrom(message);
      reduced.clear_details();
      json.clear();
      if (google::protobuf::util::MessageToJsonString(reduced, &json, options).ok())
        return VisibleJson(json);
    }
    google::rpc::Status failure;
    failure.set_code(13);  // INTERNAL
    failure.set_message("the answer has no JSON form: " + std::string(written.message()));
    return ToJson(failure, layout);
  }
  while (!json.empty() && json.back() == '\n') json.pop_back();
  return VisibleJson(json);
}

}  // namespace sluice::cli
