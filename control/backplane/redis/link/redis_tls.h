#pragma once

#include <absl/status/statusor.h>
#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace sluice {

// Files (PEM) for TLS to Redis; empty: none.
struct RedisTlsFiles {
  std::string authorities;  // Empty: the system's.
  std::string certificate;  // Ours, with its chain.
  std::string key;
};

// What connections are made with: TLS 1.2 or later, the server's certificate checked. Files are
// read each time, so that a connection made later has the present ones. Errors: INVALID_ARGUMENT,
// which names flag and file.
absl::StatusOr<std::shared_ptr<boost::asio::ssl::context>> MakeRedisTls(const RedisTlsFiles& files);

}  // namespace sluice
