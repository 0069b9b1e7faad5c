#include "control/request/parse_request.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <string>
#include <vector>

#include "control/request/error_reason.h"
#include "edge/names/text_rules.h"

namespace sluice {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

constexpr int kDepthMax = 16;

// Looks for strings that are not UTF-8 in a message of this type, read without its schema.
void FindInvalidStrings(const UnknownFieldSet& fields, const Descriptor& type,
                        const std::string& prefix, int depth, Violations& violations) {
  if (depth > kDepthMax) return;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    const FieldDescriptor* known = type.FindFieldByNumber(field.number());
    if (known == nullptr || field.type() != UnknownField::TYPE_LENGTH_DELIMITED) continue;
    const std::string path = absl::StrCat(prefix, prefix.empty() ? "" : ".", known->name());
    const std::string& bytes = field.length_delimited();
    if (known->type() == FieldDescriptor::TYPE_STRING && !IsValidUtf8(bytes)) {
      violations.Add(path, "is not valid UTF-8");
    } else if (known->type() == FieldDescriptor::TYPE_MESSAGE) {
      UnknownFieldSet nested;
      if (!nested.ParseFromString(bytes)) continue;
      FindInvalidStrings(nested, *known->message_type(), path, depth + 1, violations);
    }
  }
}

absl::Status ExplainParseError(const grpc::ByteBuffer& bytes, const Descriptor& type) {
  Violations violations;
  std::vector<grpc::Slice> slices;
  std::string text;
  if (bytes.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) {
      text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  UnknownFieldSet fields;
  if (fields.ParseFromString(text)) FindInvalidStrings(fields, type, "", 0, violations);
  if (!violations.empty()) return violations.ToStatus();
  return WithReason(absl::InvalidArgumentError(
                        absl::StrCat("the request is no valid ", type.full_name(), " message")),
                    "MALFORMED_REQUEST");
}

}  // namespace

absl::Status ParseRequest(grpc::ByteBuffer& bytes, google::protobuf::Message& request) {
  grpc::ProtoBufferReader reader(&bytes);
  if (reader.status().ok() && request.ParseFromZeroCopyStream(&reader)) return absl::OkStatus();
  return ExplainParseError(bytes, *request.GetDescriptor());
}

grpc::ByteBuffer SerializeResponse(const google::protobuf::Message& response) {
  grpc::ByteBuffer bytes;
  bool owns_buffer = false;
  const grpc::Status status =
      grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::Message>(response, &bytes,
                                                                                 &owns_buffer);
  return status.ok() ? bytes : grpc::ByteBuffer();
}

}  // namespace sluice
