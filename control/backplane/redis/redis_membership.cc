#include "control/backplane/redis/redis_membership.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "control/backplane/channel.h"
#include "control/backplane/redis/redis_names.h"
#include "control/message/envelope.h"
#include "edge/log/log.h"
#include "edge/names/random_id.h"

namespace sluice {
namespace {

using std::chrono::steady_clock;

constexpr int kProcessIdLength = 16;
// The reply of `report.lua`: number and time, then so much a replica.
constexpr std::size_t kReplyHead = 2;
constexpr std::size_t kReplyPerMember = 4;

std::vector<Backplane::Member> ReadMembers(const redisReply& reply) {
  std::vector<Backplane::Member> members;
  const auto elements = ElementsOf(reply);
  for (std::size_t i = kReplyHead; i + kReplyPerMember <= elements.size(); i += kReplyPerMember) {
    Backplane::Member member;
    member.replica_id = TextOf(*elements[i]);
    member.silence = absl::Microseconds(elements[1]->integer - elements[i + 1]->integer);
    member.is_listening = elements[i + 2]->integer > 0;
    member.description = TextOf(*elements[i + 3]);
    members.push_back(std::move(member));
  }
  return members;
}

}  // namespace

RedisMembership::RedisMembership(boost::asio::io_context& io_context, RedisCommands& commands,
                                 std::string replica_id, Backplane::Listener& listener)
    : commands_(commands),
      replica_id_(std::move(replica_id)),
      process_id_(RandomId(kProcessIdLength)),
      listener_(listener),
      report_timer_(io_context),
      patience_timer_(io_context) {
  const MutexLock lock(mutex_);
  health_.detail = "not connected yet";
}

void RedisMembership::Start() {
  ScheduleReport();
}

void RedisMembership::Stop() {
  report_timer_.cancel();
  patience_timer_.cancel();
}

void RedisMembership::ScheduleReport() {
  report_timer_.expires_after(kReportEvery);
  report_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    Report();
    ScheduleReport();
  });
}

void RedisMembership::OnListening() {
  Report();
}

void RedisMembership::Report() {
  if (is_leaving_) return;  // It would bring this replica back.
  const std::uint64_t report = ++reports_;
  internal::v1::Envelope envelope;
  envelope.mutable_report()->set_process_id(process_id_);
  envelope.mutable_report()->set_count(report);
  envelope.mutable_report()->set_replica_id(replica_id_);
  const std::string payload = EncodeEnvelope(std::move(envelope));
  const std::string description = listener_.DescribeReplica();
  commands_.Run(RedisScript::kReport,
                {commands_.members_key(), commands_.Name("descriptions"), ClaimKey()},
                {commands_.Name(kReplicasChannel), payload, replica_id_, commands_.replica_prefix(),
                 process_id_, std::to_string(kClaimTtl.count()), description},
                [this](absl::StatusOr<const redisReply*> reply) { OnReported(std::move(reply)); });
  patience_timer_.expires_after(kReportPatience);
  patience_timer_.async_wait([this, report](const boost::system::error_code& error) {
    if (!error && reports_back_ < report) SetHealth(false, "a message did not come back in time");
  });
}

void RedisMembership::OnReported(absl::StatusOr<const redisReply*> reply) {
  if (!reply.ok()) return OnDown(std::string(reply.status().message()));
  if ((*reply)->type == REDIS_REPLY_NIL) return OnIdTaken();
  const auto number = commands_.ReadNumber(**reply);
  if (!number.ok()) return;
  is_admitted_ = true;
  FinishJoin(absl::OkStatus());
  listener_.OnMembers(ReadMembers(**reply), *number);
}

void RedisMembership::OnIdTaken() {
  const std::string what = absl::StrCat("another replica runs under the id `", replica_id_, "`");
  SetHealth(false, what);
  if (steady_clock::now() - started_ < kJoinPatience) return;
  FinishJoin(absl::AlreadyExistsError(
      absl::StrCat(what, "; give each replica its own --replica-id, or leave it out")));
}

void RedisMembership::AwaitJoin(absl::AnyInvocable<void(absl::Status)> done) {
  if (join_result_.has_value()) return done(*join_result_);
  on_joined_ = std::move(done);
}

void RedisMembership::FinishJoin(const absl::Status& status) {
  if (join_result_.has_value()) return;
  join_result_ = status;
  if (on_joined_ != nullptr) std::exchange(on_joined_, nullptr)(status);
}

void RedisMembership::OnDown(const std::string& why) {
  SetHealth(false, why);
  FinishJoin(absl::UnavailableError(why));
}

bool RedisMembership::OnReplicasMessage(std::string_view payload) {
  const auto envelope = DecodeEnvelope(payload);
  if (!envelope.ok()) return true;
  if (envelope->has_goodbye()) {
    listener_.OnMemberLeft(envelope->goodbye().replica_id());
    return true;
  }
  if (!envelope->has_report()) return false;
  const internal::v1::Report& report = envelope->report();
  if (report.process_id() == process_id_) {
    reports_back_ = report.count();
    SetHealth(true, "connected");
  } else {
    listener_.OnMemberReported(report.replica_id());
  }
  return true;
}

void RedisMembership::SetHealth(bool is_ok, const std::string& detail) {
  {
    const MutexLock lock(mutex_);
    const bool was_ok = std::exchange(health_.is_ok, is_ok);
    health_.was_ever_ok |= is_ok;
    health_.detail = detail;
    if (is_ok) last_back_ = steady_clock::now();
    if (std::exchange(is_health_known_, true) && was_ok == is_ok) return;
  }
  Log(is_ok ? spdlog::level::info : spdlog::level::warn,
      is_ok ? "the backplane works" : "the backplane does not work", {{"detail", detail}});
  listener_.OnHealthChanged();
}

Backplane::Health RedisMembership::health() const {
  const MutexLock lock(mutex_);
  Backplane::Health health = health_;
  health.age = absl::FromChrono(steady_clock::now() - last_back_);
  return health;
}

void RedisMembership::Leave(absl::AnyInvocable<void()> done) {
  Stop();
  is_leaving_ = true;
  on_left_ = std::move(done);
  if (!is_admitted_) return FinishLeave();
  internal::v1::Envelope envelope;
  envelope.mutable_goodbye()->set_replica_id(replica_id_);
  const std::string message = std::string(kUnnumbered) + EncodeEnvelope(std::move(envelope));
  patience_timer_.expires_after(kLeavePatience);
  patience_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) FinishLeave();
  });
  commands_.Run(RedisScript::kLeave,
                {commands_.members_key(), commands_.Name("descriptions"), ClaimKey()},
                {commands_.Name(kReplicasChannel), message, replica_id_, process_id_},
                [this](auto) { FinishLeave(); });
}

void RedisMembership::FinishLeave() {
  patience_timer_.cancel();
  if (on_left_ != nullptr) std::exchange(on_left_, nullptr)();
}

std::string RedisMembership::ClaimKey() const {
  return commands_.Name("claim:" + replica_id_);
}

}  // namespace sluice
