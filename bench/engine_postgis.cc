// The peer that most people would pick: PostGIS, one table, one multi-column GiST index over outline box, band and
// window. It is asked for candidates by box, which is the cheapest it can do; the exact test is done here for
// everybody.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/check.h"
#include "bench/scene.h"

#ifdef WIDEBERTH_HAVE_LIBPQ
#include <fmt/core.h>
#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#endif

namespace wideberth::bench {

#ifndef WIDEBERTH_HAVE_LIBPQ
bool HavePostgis() {
  return false;
}
Figures MeasurePostgis(const Scene&, size_t) {
  return {};
}
#else

namespace {

uint32_t IdOf(std::string_view text) {
  uint32_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return id;
}

class Connection {
 public:
  Connection() : connection_(PQconnectdb("")) {
    if (PQstatus(connection_) != CONNECTION_OK) Die("connect");
  }
  ~Connection() { PQfinish(connection_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Run(const std::string& sql) {
    PGresult* result = PQexec(connection_, sql.c_str());
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN) {
      Die(sql.c_str());
    }
    PQclear(result);
  }
  void Copy(const std::string& line) {
    if (PQputCopyData(connection_, line.data(), static_cast<int>(line.size())) != 1) Die("copy");
  }
  void EndCopy() {
    if (PQputCopyEnd(connection_, nullptr) != 1) Die("end of copy");
    PGresult* result = PQgetResult(connection_);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) Die("copy");
    PQclear(result);
    while ((result = PQgetResult(connection_)) != nullptr) PQclear(result);
  }
  // A prepared statement with text parameters; the first column as integers.
  std::vector<uint32_t> Ask(const char* name, const std::vector<std::string>& parameters) {
    std::vector<const char*> values;
    for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
    PGresult* result = PQexecPrepared(connection_, name, static_cast<int>(values.size()),
                                      values.data(), nullptr, nullptr, 0);
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) Die(name);
    std::vector<uint32_t> ids;
    for (int row = 0; row < PQntuples(result); ++row) {
      ids.push_back(IdOf(PQgetvalue(result, row, 0)));
    }
    PQclear(result);
    return ids;
  }

 private:
  [[noreturn]] void Die(const char* what) {
    std::fprintf(stderr, "PostGIS: %s: %s\n", what, PQerrorMessage(connection_));
    std::exit(1);
  }
  PGconn* connection_;
};

std::string Number(double value) {
  return fmt::format("{:.9f}", value);
}

std::string Envelope(const Box& box) {
  return "BOX(" + Number(box.west) + " " + Number(box.south) + "," + Number(box.east) + " " +
         Number(box.north) + ")";
}

std::vector<std::string> RowOf(uint32_t id, const Box& box) {
  return {std::to_string(id), Number(box.west),    Number(box.south),
          Number(box.east),   Number(box.north),   Number(box.low_m),
          Number(box.high_m), Number(box.start_s), Number(box.end_s)};
}

constexpr const char* kInsert =
    "INSERT INTO volume VALUES ($1::int4, ST_MakeEnvelope($2::float8, $3::float8, $4::float8, "
    "$5::float8, 4326), numrange($6::numeric, $7::numeric, '[]'), "
    "numrange($8::numeric, $9::numeric))";

void Load(const Scene& scene, Connection& db) {
  db.Run("SET client_min_messages = warning");
  db.Run("CREATE EXTENSION IF NOT EXISTS postgis");
  db.Run("DROP TABLE IF EXISTS volume");
  db.Run("DROP TABLE IF EXISTS loading");
  db.Run(
      "CREATE TABLE volume (id int4 PRIMARY KEY, outline geometry(Polygon, 4326) NOT NULL, "
      "band numrange NOT NULL, active numrange NOT NULL)");
  db.Run(
      "CREATE UNLOGGED TABLE loading (id int4, w float8, s float8, e float8, n float8, "
      "low numeric, high numeric, t0 numeric, t1 numeric)");
  db.Run("COPY loading FROM STDIN");
  for (uint32_t i = 0; i < scene.items.size(); ++i) {
    std::string line;
    for (const std::string& field : RowOf(i, scene.items[i].box)) {
      line += line.empty() ? field : "\t" + field;
    }
    db.Copy(line + "\n");
  }
  db.EndCopy();
  db.Run(
      "INSERT INTO volume SELECT id, ST_MakeEnvelope(w, s, e, n, 4326), "
      "numrange(low, high, '[]'), numrange(t0, t1) FROM loading");
  db.Run("DROP TABLE loading");
  db.Run("CREATE INDEX volume_4d ON volume USING gist (outline, band, active)");
  db.Run("VACUUM ANALYZE volume");
}

}  // namespace

bool HavePostgis() {
  return std::getenv("PGHOST") != nullptr;
}

Figures MeasurePostgis(const Scene& scene, size_t queries) {
  Figures figures;
  figures.engine = "PostGIS";
  Connection db;
  auto start = Clock::now();
  Load(scene, db);
  const auto count = static_cast<double>(scene.items.size());
  figures.insert_us = MicrosSince(start) / count;

  db.Run(std::string("PREPARE put AS ") + kInsert);
  db.Run("PREPARE drop_one AS DELETE FROM volume WHERE id = $1::int4");
  db.Run(
      "PREPARE near AS SELECT id FROM volume WHERE outline && "
      "ST_SetSRID($1::box2d::geometry, 4326) AND band && numrange($2::numeric, $3::numeric) "
      "AND active && numrange($4::numeric, $5::numeric)");
  db.Run("PREPARE bytes AS SELECT (pg_total_relation_size('volume') / 1024)::int4");
  figures.bytes = db.Ask("bytes", {}).at(0) * 1024.0 / count;

  std::vector<double> query_us;
  double exact_us = 0;
  double candidates = 0;
  std::vector<double> few_us;
  for (size_t i = 0; i < std::min(queries, scene.queries.size()); ++i) {
    const Query& query = scene.queries[i];
    const std::vector<std::string> parameters = {
        Envelope(query.box), Number(query.box.low_m), Number(query.box.high_m),
        Number(query.box.start_s), Number(query.box.end_s)};
    start = Clock::now();
    const std::vector<uint32_t> found = db.Ask("near", parameters);
    query_us.push_back(MicrosSince(start));
    start = Clock::now();
    std::vector<uint32_t> answers;
    for (const uint32_t id : found) {
      if (Conflicts(scene, query, id)) answers.push_back(id);
    }
    const double exact = MicrosSince(start);
    std::sort(answers.begin(), answers.end());
    if (found.size() <= 4) few_us.push_back(query_us.back() + exact);
    exact_us += exact;
    candidates += static_cast<double>(found.size());
    figures.answers.push_back(std::move(answers));
  }
  const auto asked = static_cast<double>(query_us.size());
  figures.query_p50_us = Quantile(query_us, 0.5);
  figures.query_p99_us = Quantile(query_us, 0.99);
  figures.query_p999_us = Quantile(query_us, 0.999);
  figures.few_p50_us = Quantile(few_us, 0.5);
  figures.few_p99_us = Quantile(few_us, 0.99);
  figures.exact_us = exact_us / asked;
  figures.candidates = candidates / asked;
  constexpr uint32_t kRemoved = 2'000;
  start = Clock::now();
  db.Run("BEGIN");
  for (uint32_t i = 0; i < kRemoved; ++i) db.Ask("drop_one", {std::to_string(i)});
  db.Run("COMMIT");
  figures.remove_us = MicrosSince(start) / kRemoved;
  return figures;
}

#endif

}  // namespace wideberth::bench
