#pragma once

#include <thread>

#include "edge/base/check.h"

namespace sluice {

// Asserts in debug builds that a shard-owned object is used on its home thread. The thread of the
// first call is home.
class ThreadChecker {
 public:
#ifdef NDEBUG
  void Check() const {}
#else
  void Check() const {
    if (home_ == std::thread::id()) home_ = std::this_thread::get_id();
    SLUICE_CHECK(home_ == std::this_thread::get_id());
  }

 private:
  mutable std::thread::id home_;
#endif
};

}  // namespace sluice
