#include "edge/shard/overload.h"

#include <algorithm>

namespace sluice {

void EndFullest(std::vector<Session*> sessions, const OutboxBudget& budget, std::size_t share,
                absl::FunctionRef<FramePointer()> farewell) {
  std::erase_if(sessions, [](const Session* session) { return session->queued_cost() == 0; });
  std::size_t held = 0;
  for (const Session* session : sessions) held += session->queued_cost();
  std::sort(sessions.begin(), sessions.end(), [](const Session* a, const Session* b) {
    if (a->is_live() != b->is_live()) return b->is_live();
    return a->queued_cost() > b->queued_cost();
  });
  for (Session* fullest : sessions) {
    if (held <= share || !budget.IsExceeded()) return;
    held -= fullest->queued_cost();
    if (fullest->is_live()) {
      fullest->End(EndReason::kSlow, farewell(), /*keeps_queue=*/false);
      held += fullest->queued_cost();
    } else {
      fullest->Close(EndReason::kSlow);
    }
  }
}

}  // namespace sluice
