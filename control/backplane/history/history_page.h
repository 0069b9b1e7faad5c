#pragma once

#include <cstddef>

#include "control/backplane/history/history.h"

namespace sluice {

// Cuts what was read to a page of about `bytes_max`: the first entries of all channels together by
// their numbers, one at least.
void CutToPage(HistoryRead& read, std::size_t bytes_max);

}  // namespace sluice
