#include "tests/support/tls/certificate.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "edge/base/check.h"

namespace sluice::tests {
namespace {

void AddExtension(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  SLUICE_CHECK(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

template <typename Write>
std::string Pem(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  SLUICE_CHECK(write(bio) == 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string pem(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

}  // namespace

Certificate::Key Certificate::NewKey() {
  return {EVP_EC_gen("P-256"), &EVP_PKEY_free};
}

Certificate::Signed Certificate::NewCertificate(const std::string& name, EVP_PKEY* key,
                                                const X509* issuer, long valid_for_s) {
  Signed made(X509_new(), &X509_free);
  X509* certificate = made.get();
  X509_set_version(certificate, X509_VERSION_3);
  std::uint32_t serial = 0;
  SLUICE_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), valid_for_s);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, issuer == nullptr ? subject : X509_get_subject_name(issuer));
  X509_set_pubkey(certificate, key);
  return made;
}

Certificate Certificate::Authority(const std::string& name) {
  Key key = NewKey();
  Signed certificate = NewCertificate(name, key.get(), nullptr, kDaySeconds);
  AddExtension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  SLUICE_CHECK(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  return {std::move(key), std::move(certificate)};
}

Certificate Certificate::Issue(const std::string& names, long valid_for_s) const {
  Key key = NewKey();
  Signed certificate = NewCertificate("test", key.get(), certificate_.get(), valid_for_s);
  if (!names.empty()) AddExtension(certificate.get(), NID_subject_alt_name, names);
  SLUICE_CHECK(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0);
  return {std::move(key), std::move(certificate)};
}

std::string Certificate::pem() const {
  return Pem([this](BIO* bio) { return PEM_write_bio_X509(bio, certificate_.get()); });
}

std::string Certificate::key_pem() const {
  return Pem([this](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

}  // namespace sluice::tests
