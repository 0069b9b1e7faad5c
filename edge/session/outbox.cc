#include "edge/session/outbox.h"

#include <utility>

#include "edge/base/check.h"

namespace sluice {

void Outbox::Push(FramePointer frame, std::size_t written) {
  SLUICE_DCHECK(written == 0 || empty());
  if (empty()) first_written_ = written;
  cost_ += frame->cost();
  frames_.push_back(std::move(frame));
}

int Outbox::Gather(iovec* parts, int parts_max) const {
  int count = 0;
  std::size_t skip = first_written_;
  for (std::size_t i = first_; i < frames_.size() && count < parts_max; ++i) {
    const std::string_view bytes = frames_[i]->bytes().substr(skip);
    // iovec is not const-correct; sendmsg only reads.
    parts[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
    skip = 0;
  }
  return count;
}

void Outbox::Consume(std::size_t bytes) {
  first_written_ += bytes;
  while (!empty() && first_written_ >= frames_[first_]->bytes().size()) {
    first_written_ -= frames_[first_]->bytes().size();
    cost_ -= frames_[first_]->cost();
    frames_[first_].reset();
    ++first_;
  }
  Compact();
}

void Outbox::DropUnbegun() {
  const std::size_t keep = first_ + (first_written_ > 0 ? 1 : 0);
  while (frames_.size() > keep) {
    cost_ -= frames_.back()->cost();
    frames_.pop_back();
  }
}

void Outbox::Compact() {
  if (empty()) {
    frames_.clear();
    first_ = 0;
  } else if (first_ >= 64 && first_ * 2 >= frames_.size()) {
    frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

}  // namespace sluice
