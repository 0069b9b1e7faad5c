#include "edge/tls/tls_identity.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace sluice {
namespace {

template <auto Free>
struct FreeWith {
  template <typename Object>
  void operator()(Object* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

// A record's buffer lives only while it is written, so its size costs no idle stream anything; but
// events are small, and a smaller record reaches the page sooner.
constexpr long kRecordBytesMax = 4096;

Bio ReadOnly(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// No passphrase: nobody is there to type it.
int NoPassphrase(char*, int, int, void*) {
  return -1;
}

absl::Status UseChain(SSL_CTX* context, const std::string& text) {
  const Bio bio = ReadOnly(text);
  const Certificate own(PEM_read_bio_X509_AUX(bio.get(), nullptr, NoPassphrase, nullptr));
  if (own == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1) {
    return absl::InvalidArgumentError("holds no certificate; expected PEM, the server's own first");
  }
  while (X509* issuer = PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, issuer) == 1) continue;
    X509_free(issuer);
    return absl::InvalidArgumentError("holds a chain of certificates that can't be used");
  }
  return absl::OkStatus();
}

absl::Status UseKey(SSL_CTX* context, const std::string& text) {
  const Bio bio = ReadOnly(text);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        "goes with a key file that holds no private key; expected PEM without a passphrase");
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) == 1 && SSL_CTX_check_private_key(context) == 1) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("does not belong to the key in the key file");
}

// RFC 7301, 3.2: a client that speaks only other protocols is told so.
int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(&found, chosen_size, kHttp11, sizeof(kHttp11) - 1,
                                           offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void SetOptions(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Of TLS 1.2 only what keeps old streams secret when the key is lost later.
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  // An idle stream holds no buffers. A write that has to wait is tried again from a copy.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_max_send_fragment(context, kRecordBytesMax);
  // Browsers that come back resume by a ticket, which costs the server no memory.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_alpn_select_cb(context, ChooseProtocol, nullptr);
}

}  // namespace

absl::StatusOr<TlsContext> MakeTlsContext(const std::string& certificate_chain,
                                          const std::string& key) {
  const TlsContext context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  if (context == nullptr) return absl::InternalError("OpenSSL makes no context");
  SetOptions(context.get());
  absl::Status status = UseChain(context.get(), certificate_chain);
  if (status.ok()) status = UseKey(context.get(), key);
  ERR_clear_error();  // Of the end of the chain, or of what has been told.
  if (!status.ok()) return status;
  return context;
}

absl::Status CheckAuthorities(const std::string& certificates) {
  const Bio bio = ReadOnly(certificates);
  int count = 0;
  while (Certificate(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr)) != nullptr) {
    ++count;
  }
  const bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (count > 0 && is_at_end) return absl::OkStatus();
  return absl::InvalidArgumentError("holds no certificates; expected those of authorities in PEM");
}

}  // namespace sluice
