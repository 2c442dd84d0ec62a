// Invariants checked: a request that parses has one spelling; a witness that has cosigned the corpus' log at size 1
// cosigns no request but those that leave it a longer head of the same history, signed by the log; answers that are
// read hold cosignatures of the one known witness only.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "record/testing/logs.h"
#include "record/witness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace record = wideberth::record;
  static const record::testing::TestLog log(3);
  static const record::WitnessedLog row{log.log.verifier(), log.Head(1), log.Note(1), 0};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (const auto request = record::ParseAddCheckpoint(input)) {
    CHECK(record::FormatAddCheckpoint(*request).value() == input);
    const auto decision = record::DecideCosigning(&row, *request, 1'800'000'000);
    if (decision.status == record::WitnessStatus::kCosigned) {
      // The keys are known, so a fuzzer can sign nothing that is not in its corpus.
      CHECK(decision.row->head.size >= 1 && decision.row->head.size <= 3);
      CHECK(decision.row->head == log.Head(decision.row->head.size));
    } else {
      CHECK(!decision.error.rule.empty() && !decision.row.has_value());
      CHECK(record::AnswerOf(decision, {}).has_value());
    }
  }
  if (const auto known = record::ReadCosignatures(input, log.Note(2).text, {log.peer.verifier()})) {
    CHECK(!known->empty());
    for (const record::NoteSignature& one : *known) {
      CHECK(one.key_id == log.peer.verifier().id());
    }
  }
  if (const auto known_size = record::ReadKnownSize(input)) {
    CHECK(std::to_string(*known_size) + "\n" == input);
  }
  return 0;
}
