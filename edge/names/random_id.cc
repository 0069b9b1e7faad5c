#include "edge/names/random_id.h"

#include <openssl/rand.h>

#include "edge/base/check.h"

namespace sluice {

std::uint64_t RandomNumber() {
  std::uint64_t number = 0;
  SLUICE_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof(number)) == 1);
  return number;
}

std::string RandomId(int length) {
  std::string id;
  std::uint64_t bits = 0;
  for (int i = 0; i < length; ++i) {
    if (i % 12 == 0) bits = RandomNumber();
    id.push_back(kBase32Alphabet[bits & 31]);
    bits >>= 5;
  }
  return id;
}

}  // namespace sluice
