#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <utility>

#include "edge/base/clock.h"
#include "edge/base/scheduler.h"

namespace sluice {

// The scheduler of a thread that runs an io_context; that and the clock outlive it. What has not
// run when the io_context stops never does.
class AsioScheduler : public Scheduler {
 public:
  AsioScheduler(boost::asio::io_context& io_context, const Clock& clock)
      : io_context_(io_context), clock_(clock) {}

  absl::Duration Uptime() const override { return clock_.Uptime(); }

  void Post(absl::AnyInvocable<void()> task) override {
    boost::asio::post(io_context_, std::move(task));
  }

  void After(absl::Duration delay, absl::AnyInvocable<void()> task) override {
    auto timer =
        std::make_unique<boost::asio::steady_timer>(io_context_, absl::ToChronoNanoseconds(delay));
    boost::asio::steady_timer& waiting = *timer;
    waiting.async_wait([timer = std::move(timer),
                        task = std::move(task)](const boost::system::error_code& error) mutable {
      if (!error) task();
    });
  }

 private:
  boost::asio::io_context& io_context_;
  const Clock& clock_;
};

}  // namespace sluice
