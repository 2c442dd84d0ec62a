#include "store/postgres/pool.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <span>
#include <utility>

#include "base/log.h"
#include "store/postgres/schema.h"

namespace wideberth::store::postgres {
namespace {

using base::ErrorCode;
using base::Log;
using base::LogLevel;
using base::Result;

constexpr int kReaders = 2;
constexpr size_t kLookAhead = 256;  // of the queue, for what need not wait
constexpr int64_t kReconnectUs = 200'000;
constexpr std::chrono::milliseconds kRefuseEvery(250);
constexpr int64_t kKeepUs = base::kMicrosPerSecond;
constexpr int64_t kPruneUs = base::kMicrosPerMinute;

constexpr Statement kPrune = {
    "prune",
    "WITH gone AS (DELETE FROM dss_change WHERE at < $1::bigint RETURNING xid) "
    "UPDATE dss_pool SET pruned_below = GREATEST(pruned_below, (SELECT max(xid) + 1 FROM gone)) "
    "WHERE EXISTS (SELECT FROM gone)"};
constexpr Statement kBeat = {
    "beat",
    "INSERT INTO dss_instance "
    "(locality, public_endpoint, at, source, reporter, number, next_expected) "
    "VALUES ($1::text, $2::text, $3::bigint, $4::text, $5::text, 0, $6::bigint) "
    "ON CONFLICT (locality) DO UPDATE SET public_endpoint = excluded.public_endpoint, "
    "at = excluded.at, source = excluded.source, reporter = excluded.reporter, "
    "number = dss_instance.number + 1, next_expected = excluded.next_expected"};
constexpr Statement kInstances = {
    "instances",
    "SELECT locality, public_endpoint, at, source, reporter, number, next_expected "
    "FROM dss_instance ORDER BY locality"};
constexpr std::array kKeeping = {kPrune, kBeat, kInstances};

base::Error Busy(std::string_view rule) {
  return {ErrorCode::kBusy, "", std::string(rule), ""};
}

base::Error Away() {
  return Busy("the pool's database cannot be reached; nothing was applied");
}

base::Error Late() {
  return Busy("the command waited too long; nothing was applied");
}

Values BeatOf(const PoolOptions& options, const dss::Heartbeat& heartbeat) {
  std::optional<int64_t> next;
  if (heartbeat.next_expected) next = heartbeat.next_expected->us;
  return Values()
      .Add(std::string_view(options.locality))
      .Add(std::string_view(options.public_endpoint))
      .Add(heartbeat.time.us)
      .Add(std::string_view(heartbeat.source))
      .Add(std::string_view(heartbeat.reporter))
      .Add(next);
}

Result<std::vector<dss::Instance>> ReadInstances(Connection* connection) {
  WB_ASSIGN_OR_RETURN(const Rows rows, connection->Run(kInstances));
  std::vector<dss::Instance> instances(rows.size());
  for (size_t row = 0; row < rows.size(); ++row) {
    instances[row].locality = rows.Text(row, 0);
    instances[row].public_endpoint = rows.Text(row, 1);
    dss::Heartbeat& heartbeat = instances[row].heartbeat.emplace();
    heartbeat.time = {rows.Int(row, 2)};
    heartbeat.source = rows.Text(row, 3);
    heartbeat.reporter = rows.Text(row, 4);
    heartbeat.index = static_cast<uint64_t>(rows.Int(row, 5));
    if (!rows.IsNull(row, 6)) heartbeat.next_expected = base::UtcMicros{rows.Int(row, 6)};
  }
  return instances;
}

}  // namespace

Pool::Pool(PoolOptions options, const base::Clock& clock, base::RandomSource& random)
    : options_(std::move(options)), clock_(clock), random_(random) {
  options_.policy.time_based_notification_index = true;
}

Result<std::unique_ptr<Pool>> Pool::Open(PoolOptions options, const base::Clock& clock,
                                         base::RandomSource& random) {
  std::unique_ptr<Pool> pool(new Pool(std::move(options), clock, random));
  const Address& address = pool->options_.address;
  {
    WB_ASSIGN_OR_RETURN(const auto one, Connection::Open(address, {}));
    WB_RETURN_IF_ERROR(CheckSchema(one.get()));
    WB_ASSIGN_OR_RETURN(const auto other, Connection::Open(address, {}));
    WB_RETURN_IF_ERROR(ProbeLocks(one.get(), other.get(), &random));
    WB_ASSIGN_OR_RETURN(const Rows name, one->Ask("SELECT dar_id FROM dss_pool"));
    if (name.size() != 1) {
      return base::Invalid("pool.url", "must be of a database with one pool in it");
    }
    pool->dar_id_ = name.Text(0, 0);
    WB_ASSIGN_OR_RETURN(const Rows log, one->Ask("SELECT origin FROM dss_log"));
    if (log.size() > 0 && !pool->options_.log) {
      return base::Invalid("dss.log", "must be given: the pool keeps a log",
                           std::string(log.Text(0, 0)));
    }
    WB_ASSIGN_OR_RETURN(const Rows fsync, one->Ask("SELECT current_setting('fsync') = 'on'"));
    if (!fsync.Bool(0, 0)) {
      Log(LogLevel::kWarn, "pool_not_durable", {{"setting", "fsync"}, {"value", "off"}});
    }
  }
  {
    WB_ASSIGN_OR_RETURN(const auto follower, Connection::Open(address, ReadIndex::statements()));
    WB_RETURN_IF_ERROR(pool->index_.Fetch(follower.get()));
    WB_ASSIGN_OR_RETURN(const auto keeper, Connection::Open(address, kKeeping));
    const dss::Heartbeat startup{clock.Now(), "Startup", "", 0, std::nullopt};
    WB_RETURN_IF_ERROR(keeper->Run(kBeat, BeatOf(pool->options_, startup)));
  }
  if (pool->options_.log) {
    WB_ASSIGN_OR_RETURN(pool->log_, PoolLog::Open(*pool->options_.log, address,
                                                  pool->options_.locality, pool->clock_));
    pool->log_origin_ = pool->log_->key().name();
  }
  pool->StartThreads();
  return pool;
}

Pool::~Pool() {
  Stop();
}

void Pool::StartThreads() {
  for (int i = 0; i < options_.writers; ++i) {
    threads_.emplace_back([this] { AcceptUntilStopped(); });
  }
  threads_.emplace_back([this] { FollowUntilStopped(); });
  for (int i = 0; i < kReaders; ++i) threads_.emplace_back([this] { ReadUntilStopped(); });
  threads_.emplace_back([this] { KeepUntilStopped(); });
}

void Pool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  for (auto* wake : {&queue_wake_, &follow_wake_, &read_wake_, &keep_wake_}) wake->notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  if (log_ != nullptr) log_->Stop();
  std::deque<Asked> queue;
  std::deque<Waiting> waiting;
  std::deque<Chore> chores;
  {
    const std::lock_guard lock(mutex_);
    queue.swap(queue_);
    waiting.swap(waiting_);
    std::move(readable_.begin(), readable_.end(), std::back_inserter(waiting));
    readable_.clear();
    chores.swap(chores_);
  }
  const base::Error stopping = Busy("the node is stopping; nothing was applied");
  for (const Asked& each : queue) each.answered(base::Fail(stopping));
  for (const Waiting& each : waiting) each.prepare(base::Fail(stopping))(std::nullopt);
  for (const Chore& each : chores) each(nullptr);
}

void Pool::AnswerTogether(const std::function<void()>& give) const {
  if (options_.answer_together) return options_.answer_together(give);
  give();
}

// ---- Writing ----

Result<void> Pool::Submit(dss::Command command, Answered answered) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return base::Fail(Busy("the node is stopping"));
    if (queue_.size() >= kQueueCommandsMax) return base::Fail(Busy("too many commands wait"));
    queue_.push_back(
        {std::move(command), std::move(answered), clock_.MonotonicMicros() + kWriteDeadlineUs, {}});
  }
  queue_wake_.notify_one();
  return {};
}

bool Pool::IsBehind(const Asked& asked) const {
  return asked.behind && held_.contains(*asked.behind);
}

// The queue's first that are worth a look; nothing once the pool stops.
std::vector<Pool::Asked> Pool::AwaitQueued() {
  const auto end_of_look = [this] {
    return queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), kLookAhead));
  };
  std::vector<Asked> taken;
  std::unique_lock lock(mutex_);
  queue_wake_.wait(lock, [&] {
    return stopping_ || std::any_of(queue_.begin(), end_of_look(),
                                    [this](const Asked& each) { return !IsBehind(each); });
  });
  if (stopping_) return taken;
  std::vector<Asked> left;
  auto next = queue_.begin();
  for (const auto end = end_of_look(); next != end && taken.size() < kTransactionCommandsMax;
       ++next) {
    (IsBehind(*next) ? left : taken).push_back(std::move(*next));
  }
  queue_.erase(queue_.begin(), next);
  queue_.insert(queue_.begin(), std::make_move_iterator(left.begin()),
                std::make_move_iterator(left.end()));
  return taken;
}

// As many of the queue's first as may share a transaction, and need not wait for another of this node.
std::vector<Pool::Asked> Pool::TakeQueued(const Acceptor& acceptor, Plan* plan) {
  while (true) {
    std::vector<Asked> looked_at = AwaitQueued();
    if (looked_at.empty()) return looked_at;
    const base::UtcMicros now = clock_.Now();
    std::vector<Plan> plans;
    for (const Asked& each : looked_at) plans.push_back(acceptor.PlanOf(each.command, now));
    const auto alone = [&](size_t i) {
      return plans[i].world || std::holds_alternative<dss::Evict>(looked_at[i].command.request);
    };
    std::vector<Asked> taken;
    std::vector<Asked> rest;
    {
      const std::lock_guard lock(mutex_);
      bool full = false;
      for (size_t i = 0; i < looked_at.size(); ++i) {
        for (const auto& [key, shared] : plans[i].locks) {
          if (!shared && !plans[i].world && held_.contains(key)) looked_at[i].behind = key;
        }
        full = full || (!taken.empty() &&
                        (alone(i) || plan->locks.size() + plans[i].locks.size() > kLocksBatchMax));
        if (full || IsBehind(looked_at[i])) {
          rest.push_back(std::move(looked_at[i]));
          continue;
        }
        full = alone(i);
        if (taken.empty()) {
          *plan = std::move(plans[i]);
        } else {
          plan->Add(plans[i]);
        }
        taken.push_back(std::move(looked_at[i]));
      }
      if (!taken.empty()) {
        for (const auto& [key, shared] : plan->locks) ++held_[key];
      }
    }
    GiveBack(std::move(rest));
    if (!taken.empty()) return taken;
  }
}

void Pool::Release(const std::map<int64_t, bool>& locks) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, shared] : locks) {
      const auto held = held_.find(key);
      if (--held->second == 0) held_.erase(held);
    }
  }
  queue_wake_.notify_all();
}

// To the front, for whoever comes next.
void Pool::GiveBack(std::vector<Asked> asked) {
  if (asked.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    queue_.insert(queue_.begin(), std::make_move_iterator(asked.begin()),
                  std::make_move_iterator(asked.end()));
  }
  queue_wake_.notify_one();
}

void Pool::AnswerAll(std::vector<Asked>* asked, Result<std::vector<Result<dss::Answer>>> answers) {
  const size_t count = answers ? answers->size() : asked->size();
  AnswerTogether([&] {
    for (size_t i = 0; i < count; ++i) {
      if (!(*asked)[i].answered) continue;
      (*asked)[i].answered(answers ? std::move((*answers)[i]) : base::Fail(answers.error()));
    }
  });
  asked->erase(asked->begin(), asked->begin() + static_cast<std::ptrdiff_t>(count));
}

void Pool::AcceptUntilStopped() {
  Acceptor acceptor(
      {options_.address, index_, options_.policy, clock_, random_, counts_, log_origin_});
  while (true) {
    Plan plan;
    std::vector<Asked> taken = TakeQueued(acceptor, &plan);
    if (taken.empty()) return;
    const std::map<int64_t, bool> locks = plan.locks;
    // The deadline is that of the first of those who are in time; what is late is not begun.
    const int64_t now_us = clock_.MonotonicMicros();
    std::vector<Asked> late;
    std::vector<Asked> in_time;
    for (Asked& each : taken) {
      (each.deadline_monotonic_us < now_us ? late : in_time).push_back(std::move(each));
    }
    if (!late.empty()) {
      AnswerAll(&late, base::Fail(Late()));
    }
    if (in_time.empty()) {
      Release(locks);
      continue;
    }
    int64_t deadline_us = in_time[0].deadline_monotonic_us;
    std::vector<dss::Command> commands;
    for (const Asked& each : in_time) {
      deadline_us = std::min(deadline_us, each.deadline_monotonic_us);
      commands.push_back(each.command);
    }
    auto answers = acceptor.Accept(commands, std::move(plan), deadline_us);
    Release(locks);
    if (!answers) {
      Log(LogLevel::kWarn, "pool_write_failed",
          {{"commands", commands.size()}, {"error", answers.error().ToString()}});
    }
    AnswerAll(&in_time, std::move(answers));
    GiveBack(std::move(in_time));
  }
}

// ---- Reading ----

void Pool::Read(Reading reading, Prepare prepare) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && waiting_.size() < kQueueCommandsMax) {
      waiting_.push_back(
          {std::move(reading), std::move(prepare), clock_.MonotonicMicros() + kReadDeadlineUs});
      ++arrived_;
      follow_wake_.notify_one();
      return;
    }
  }
  prepare(base::Fail(Busy("too many requests wait")))(std::nullopt);
}

// One fetch, for all who wait when it begins. False if there is no database to fetch from.
bool Pool::Follow(std::unique_ptr<Connection>* connection) {
  if (*connection == nullptr || (*connection)->lost()) {
    auto opened = Connection::Open(options_.address, ReadIndex::statements());
    if (!opened) {
      if (reachable_.exchange(false)) {
        Log(LogLevel::kError, "pool_unreachable", {{"error", opened.error().ToString()}});
      }
      connection->reset();
      return false;
    }
    *connection = std::move(*opened);
  }
  uint64_t served = 0;
  {
    const std::lock_guard lock(mutex_);
    served = arrived_;
  }
  const Result<void> fetched = index_.Fetch(connection->get());
  fetches_.fetch_add(1, std::memory_order_relaxed);
  if (fetched && !reachable_.exchange(true)) Log(LogLevel::kInfo, "pool_reachable");
  if (!fetched && reachable_.exchange(false)) {
    Log(LogLevel::kError, "pool_unreachable", {{"error", fetched.error().ToString()}});
  }
  if (!fetched) connection->reset();
  if (!fetched) return false;
  const std::lock_guard lock(mutex_);
  while (!waiting_.empty() && arrived_ - waiting_.size() < served) {
    readable_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  read_wake_.notify_all();
  return true;
}

// Whoever waits for a database that does not answer, while the threads that ask it are stuck.
void Pool::RefuseLate() {
  std::vector<Waiting> late;
  std::vector<Asked> late_asked;
  {
    const std::lock_guard lock(mutex_);
    const int64_t now_us = clock_.MonotonicMicros();
    while (!waiting_.empty() && waiting_.front().deadline_monotonic_us < now_us) {
      late.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    while (!queue_.empty() && queue_.front().deadline_monotonic_us < now_us) {
      late_asked.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
  }
  for (const Waiting& each : late) each.prepare(base::Fail(Away()))(std::nullopt);
  if (!late_asked.empty()) AnswerAll(&late_asked, base::Fail(Late()));
}

void Pool::FollowUntilStopped() {
  std::unique_ptr<Connection> connection;
  while (true) {
    const bool followed = Follow(&connection);
    std::unique_lock lock(mutex_);
    if (followed) {
      follow_wake_.wait_for(lock, std::chrono::microseconds(kPollUs),
                            [this] { return stopping_ || !waiting_.empty(); });
    } else {
      follow_wake_.wait_for(lock, std::chrono::microseconds(kReconnectUs),
                            [this] { return stopping_; });
    }
    if (stopping_) return;
  }
}

void Pool::Show(const Waiting& waiting) {
  auto answer =
      index_.Read([&](const dss::State& state) { return waiting.reading(state, clock_.Now()); });
  waiting.prepare(std::move(answer))(std::nullopt);
}

void Pool::ReadUntilStopped() {
  while (true) {
    std::deque<Waiting> taken;
    {
      std::unique_lock lock(mutex_);
      const bool woken = read_wake_.wait_for(lock, kRefuseEvery,
                                             [this] { return stopping_ || !readable_.empty(); });
      if (stopping_) return;
      if (!woken) {
        lock.unlock();
        RefuseLate();
        continue;
      }
      const size_t share = (readable_.size() + kReaders - 1) / kReaders;
      const auto end = readable_.begin() + static_cast<std::ptrdiff_t>(share);
      std::move(readable_.begin(), end, std::back_inserter(taken));
      readable_.erase(readable_.begin(), end);
    }
    AnswerTogether([&] {
      for (const Waiting& each : taken) Show(each);
    });
  }
}

dss::State::Statistics Pool::GetStatistics() const {
  return index_.Read([](const dss::State& state) { return state.GetStatistics(); });
}

std::optional<dss::PoolStatistics> Pool::GetPoolStatistics() const {
  dss::PoolStatistics statistics;
  statistics.transactions = counts_.transactions.load(std::memory_order_relaxed);
  statistics.commands = counts_.commands.load(std::memory_order_relaxed);
  statistics.refused = counts_.refused.load(std::memory_order_relaxed);
  statistics.retries = counts_.retries.load(std::memory_order_relaxed);
  statistics.unresolved = counts_.unresolved.load(std::memory_order_relaxed);
  statistics.fetches = fetches_.load(std::memory_order_relaxed);
  statistics.loads = index_.loads();
  statistics.reachable = reachable_.load();
  const std::lock_guard lock(mutex_);
  statistics.queued = queue_.size();
  return statistics;
}

// ---- Keeping ----

void Pool::ListInstances(Listed listed) {
  {
    const std::lock_guard lock(mutex_);
    chores_.push_back([listed = std::move(listed)](Connection* connection) {
      if (connection == nullptr) return listed(base::Fail(Away()));
      auto instances = ReadInstances(connection);
      if (!instances) return listed(base::Fail(Away()));
      listed(std::move(instances));
    });
  }
  keep_wake_.notify_one();
}

void Pool::AddHeartbeat(dss::Heartbeat heartbeat, Listed listed) {
  {
    const std::lock_guard lock(mutex_);
    chores_.push_back([this, heartbeat = std::move(heartbeat),
                       listed = std::move(listed)](Connection* connection) {
      if (connection == nullptr || !connection->Run(kBeat, BeatOf(options_, heartbeat))) {
        return listed(base::Fail(Away()));
      }
      auto instances = ReadInstances(connection);
      if (!instances) return listed(base::Fail(Away()));
      listed(std::move(instances));
    });
  }
  keep_wake_.notify_one();
}

void Pool::Prune(Connection* connection) {
  const int64_t before_us = clock_.Now().us - kChangesKeptUs;
  if (const auto pruned = connection->Run(kPrune, Values().Add(before_us)); !pruned) {
    Log(LogLevel::kWarn, "pool_not_pruned", {{"error", pruned.error().ToString()}});
  }
}

void Pool::KeepUntilStopped() {
  std::unique_ptr<Connection> connection;
  int64_t prune_us = clock_.MonotonicMicros();
  while (true) {
    std::deque<Chore> chores;
    {
      std::unique_lock lock(mutex_);
      keep_wake_.wait_for(lock, std::chrono::microseconds(kKeepUs),
                          [this] { return stopping_ || !chores_.empty(); });
      if (stopping_) return;
      chores.swap(chores_);
    }
    if (connection == nullptr || connection->lost()) {
      connection.reset();
      auto opened = Connection::Open(options_.address, kKeeping);
      if (opened) connection = std::move(*opened);
    }
    for (const Chore& chore : chores) chore(connection.get());
    if (connection == nullptr) continue;
    if (clock_.MonotonicMicros() >= prune_us) {
      prune_us = clock_.MonotonicMicros() + kPruneUs;
      Prune(connection.get());
    }
    const base::UtcMicros ended{clock_.Now().us - options_.policy.retention_us};
    const bool any =
        index_.Read([&](const dss::State& state) { return !state.EndedBefore(ended, 1).empty(); });
    // A full queue drops it: the next one does its work.
    if (any) (void)Submit({"", dss::Evict{}}, nullptr).has_value();
  }
}

}  // namespace wideberth::store::postgres
