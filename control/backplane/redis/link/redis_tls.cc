#include "control/backplane/redis/link/redis_tls.h"

#include <absl/strings/str_cat.h>

namespace sluice {
namespace {

namespace ssl = boost::asio::ssl;

absl::Status Unusable(const char* flag, const std::string& file,
                      const boost::system::error_code& error) {
  return absl::InvalidArgumentError(absl::StrCat(flag, " ", file, ": ", error.message()));
}

}  // namespace

absl::StatusOr<std::shared_ptr<ssl::context>> MakeRedisTls(const RedisTlsFiles& files) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  context->set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  context->set_verify_mode(ssl::verify_peer);
  boost::system::error_code error;
  if (files.authorities.empty()) {
    context->set_default_verify_paths(error);
    if (error) return Unusable("the system's authorities", "", error);
  } else {
    context->load_verify_file(files.authorities, error);
    if (error) return Unusable("--redis-tls-ca", files.authorities, error);
  }
  if (!files.certificate.empty()) {
    context->use_certificate_chain_file(files.certificate, error);
    if (error) return Unusable("--redis-tls-cert", files.certificate, error);
    context->use_private_key_file(files.key, ssl::context::pem, error);
    if (error) return Unusable("--redis-tls-key", files.key, error);
  }
  return context;
}

}  // namespace sluice
