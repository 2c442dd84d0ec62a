// One connection to PostgreSQL: prepared statements, binary values, several statements in one round trip.
//
// A connection belongs to one thread at a time. Nothing here waits for ever: a server that does not answer within
// kAnswerDeadlineMs counts as lost.
#ifndef WIDEBERTH_STORE_POSTGRES_CONNECTION_H_
#define WIDEBERTH_STORE_POSTGRES_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace wideberth::store::postgres {

inline constexpr int kAnswerDeadlineMs = 10'000;
// Of whoever holds a transaction open and says nothing; then the server ends it, and the connection.
inline constexpr int kIdleInTransactionMs = 3'000;

// Where the database is: "postgresql://user@host/database?..." as libpq reads it, without a password.
struct Address {
  std::string url;
  std::string password;  // may be empty
};

// What the server refused, or that it is gone. In a base::Error: kBusy what may be tried again (a deadlock was broken,
// a lock did not come in time), kStorage everything else; `found` is the SQLSTATE, empty if the connection is lost.
bool IsLost(const base::Error& error);

// A statement by its name; prepared when the connection is opened.
struct Statement {
  const char* name;
  const char* sql;
};

// The parameters of one statement, in binary, in order.
class Values {
 public:
  Values& Add(int64_t value);
  Values& AddSmall(int64_t value);  // of two bytes
  Values& Add(std::string_view text);
  Values& Add(base::ByteView bytes);
  Values& Add(const base::Uuid& uuid);
  Values& Add(std::optional<int64_t> value);
  Values& AddArray(std::span<const int16_t> values);
  Values& AddArray(std::span<const int64_t> values);
  Values& AddArray(const std::vector<bool>& values);
  Values& AddArray(std::span<const base::Uuid> values);  // nil as NULL
  Values& AddArray(std::span<const base::Bytes> values);
  Values& AddArray(std::span<const std::string> values);

 private:
  friend class Connection;
  std::vector<std::optional<std::string>> values_;
};

// What a statement gave. Copies share it.
class Rows {
 public:
  size_t size() const;
  bool IsNull(size_t row, int column) const;
  int64_t Int(size_t row, int column) const;  // of any width
  bool Bool(size_t row, int column) const;
  std::string_view Text(size_t row, int column) const;
  base::ByteView Bytes(size_t row, int column) const;
  base::Uuid Uuid(size_t row, int column) const;

 private:
  friend class Connection;
  std::shared_ptr<void> result_;
};

class Connection {
 public:
  // Refuses a standby: what it shows is old.
  static base::Result<std::unique_ptr<Connection>> Open(const Address& address,
                                                        std::span<const Statement> statements);
  ~Connection();

  struct Step {
    const Statement* statement;
    Values values;
  };
  // All steps in one round trip; their rows in order, or the first refusal, after which none of the later ones ran. A
  // commit of which the server warns that a standby may lack it counts as lost.
  base::Result<std::vector<Rows>> Run(std::span<const Step> steps);
  base::Result<Rows> Run(const Statement& statement, Values values = {});
  // One statement that was not prepared.
  base::Result<Rows> Ask(const std::string& sql, const Values& values = {});
  // Statements without parameters, separated by semicolons, in one transaction unless they say otherwise.
  base::Result<void> RunScript(const std::string& sql);

  // Who answers: another value may mean another history, as after a standby was promoted, a server was started again on
  // what was saved before, or the tables were made anew out of a dump.
  const std::string& identity() const { return identity_; }
  // In place of kAnswerDeadlineMs.
  void set_answer_deadline_ms(int64_t deadline_ms) { answer_deadline_ms_ = deadline_ms; }
  bool lost() const;

 private:
  Connection();
  base::Result<void> Begin(std::span<const Statement> statements);
  base::Result<void> Await();
  base::Result<Rows> TakeResult();
  base::Result<Rows> TakeLast(bool sent);
  base::Error LastError() const;
  base::Result<Rows> Check(Rows rows);

  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string identity_;
  int64_t answer_deadline_ms_ = kAnswerDeadlineMs;
};

}  // namespace wideberth::store::postgres

#endif  // WIDEBERTH_STORE_POSTGRES_CONNECTION_H_
