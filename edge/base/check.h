#pragma once

namespace sluice {

// Ends the process with a message: the program's own state is broken, and going on would spread it.
// Never reached by bytes from a network, a file or a flag.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace sluice

// Holds in every build.
#define SLUICE_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::sluice::CheckFailed(#condition, __FILE__, __LINE__))

// Holds in debug builds only: for the hot path.
#ifdef NDEBUG
#define SLUICE_DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define SLUICE_DCHECK(condition) SLUICE_CHECK(condition)
#endif
