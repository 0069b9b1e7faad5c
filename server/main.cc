#include <absl/strings/str_cat.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "edge/log/log.h"
#include "server/check/check.h"
#include "server/config.h"
#include "server/replica.h"

namespace {

// Of `man 3 sysexits` only the idea: usage and trouble are told apart.
constexpr int kExitTrouble = 1;
constexpr int kExitUsage = 2;

// How often files are looked at that are read again when they change.
constexpr auto kReloadInterval = std::chrono::seconds(1);

// Reads changed files again every so often, and at once on SIGHUP, which ends nothing from when
// this is made.
class FileReloads {
 public:
  // `arguments` are read again on SIGHUP for the log level.
  FileReloads(boost::asio::io_context& io_context, std::vector<std::string> arguments)
      : arguments_(std::move(arguments)), timer_(io_context), hangups_(io_context, SIGHUP) {}

  void Start(sluice::Replica& replica) {
    ScheduleTimer(replica);
    AwaitHangup(replica);
  }

  void Stop() {
    timer_.cancel();
    hangups_.cancel();
  }

 private:
  void ScheduleTimer(sluice::Replica& replica) {
    timer_.expires_after(kReloadInterval);
    timer_.async_wait([this, &replica](const boost::system::error_code& error) {
      if (error) return;
      replica.ReloadFiles();
      ScheduleTimer(replica);
    });
  }

  void AwaitHangup(sluice::Replica& replica) {
    hangups_.async_wait([this, &replica](const boost::system::error_code& error, int) {
      if (error) return;
      replica.ReloadFiles();
      ReloadLogLevel();
      AwaitHangup(replica);
    });
  }

  // The --config file may have another one by now.
  void ReloadLogLevel() {
    const auto command_line = sluice::ReadCommandLine(arguments_);
    if (!command_line.ok()) {
      return sluice::Log(spdlog::level::warn, "the configuration could not be read again",
                         {{"error", std::string(command_line.status().message())}});
    }
    sluice::SetLogLevel(command_line->config.log_level);
  }

  const std::vector<std::string> arguments_;
  boost::asio::steady_timer timer_;
  boost::asio::signal_set hangups_;
};

// Serves until a signal has ended all streams: SIGTERM in the time that load balancers and browsers
// need, SIGINT, which somebody at a terminal sends, at once. A second one ends the process.
void ServeUntilSignal(sluice::Replica& replica, boost::asio::io_context& io_context,
                      boost::asio::signal_set& signals, FileReloads& reloads) {
  reloads.Start(replica);
  std::thread shutdown;
  signals.async_wait([&](const boost::system::error_code& error, int first) {
    if (error) return;
    shutdown = std::thread([&, first] {
      replica.Shutdown(/*is_at_once=*/first == SIGINT);
      boost::asio::post(io_context, [&] {
        signals.cancel();
        reloads.Stop();
      });
    });
    signals.async_wait([](const boost::system::error_code& canceled, int signal) {
      if (!canceled) std::_Exit(128 + signal);
    });
  });
  io_context.run();
  if (shutdown.joinable()) shutdown.join();
  signals.clear();  // From here on, too, a second one ends the process.
}

int Run(const std::vector<std::string>& arguments) {
  const auto command_line = sluice::ReadCommandLine(arguments);
  if (!command_line.ok()) {
    const std::string message(command_line.status().message());
    std::fprintf(stderr, "sluice: %s\n", message.c_str());
    return kExitUsage;
  }
  if (command_line->action == sluice::CommandLine::Action::kPrint) {
    std::fputs(command_line->text.c_str(), stdout);
    return EXIT_SUCCESS;
  }
  if (command_line->action == sluice::CommandLine::Action::kCheck) {
    const sluice::CheckResult result = sluice::CheckUrl(command_line->check_url);
    std::fprintf(result.is_ok ? stdout : stderr, "%s\n", result.line.c_str());
    return result.is_ok ? EXIT_SUCCESS : kExitTrouble;
  }
  // Writing a log whose reader has gone must not end the server.
  std::signal(SIGPIPE, SIG_IGN);
  sluice::StartLog(command_line->config.log_format, command_line->config.log_level);
  // Before the server listens, so that a signal from then on ends it in order.
  boost::asio::io_context io_context(1);
  boost::asio::signal_set signals(io_context, SIGTERM, SIGINT);
  FileReloads reloads(io_context, arguments);
  const auto replica = sluice::Replica::Start(command_line->config);
  if (!replica.ok()) {
    const std::string message(replica.status().message());
    std::fprintf(stderr, "sluice: %s\n", message.c_str());
    return kExitTrouble;
  }
  ServeUntilSignal(**replica, io_context, signals, reloads);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sluice: unexpected: %s\n", error.what());
    return kExitTrouble;
  }
}
