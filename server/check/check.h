#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <string>

namespace sluice {

// The URL by which a server whose admin port is `admin` (ADDRESS:PORT) says that it is alive; an
// address that means all of them is asked for on loopback.
std::string HealthUrl(const boost::asio::ip::tcp::endpoint& admin);

struct CheckResult {
  bool is_ok = false;
  std::string line;  // What was found, for people.
};

// Asks the URL, within 3 s. Ok if the answer is 200.
CheckResult CheckUrl(const std::string& url);

}  // namespace sluice
