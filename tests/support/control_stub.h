#pragma once

#include <grpcpp/grpcpp.h>
#include <sluice/v1/control_service.grpc.pb.h>

#include <memory>
#include <string>
#include <vector>

namespace sluice::tests {

// A connection of its own to HOST:PORT, in the clear.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address);

std::unique_ptr<v1::ControlService::Stub> NewControlStub(const std::string& address);

// The fields that an error's google.rpc.BadRequest names, in its order.
std::vector<std::string> ViolatedFields(const grpc::Status& status);

// The reason of an error's google.rpc.ErrorInfo when its domain is `sluice`; else empty.
std::string ErrorReason(const grpc::Status& status);

}  // namespace sluice::tests
