#include "service/line_signatures.h"

#include <optional>
#include <string>
#include <variant>

#include "line/message.h"
#include "service/batch.h"

namespace wideberth::service {
namespace {

base::Unexpected Wrong(uint32_t line, bool by_peer, uint64_t seq, std::string_view rule,
                       std::string_view found) {
  return base::Fail(base::ErrorCode::kStorage,
                    "line " + std::to_string(line) + (by_peer ? " peer's" : " own") + " entry " +
                        std::to_string(seq),
                    rule, found);
}

// Heads only grow, and are those of the entries before them.
base::Result<void> CheckHead(uint32_t line, const line::LineState& state,
                             const line::Effect& effect) {
  const auto* own = std::get_if<line::HeadSigned>(&effect);
  const auto* cosigned = std::get_if<line::HeadCosigned>(&effect);
  if (own == nullptr && cosigned == nullptr) return {};
  const bool of_peer = cosigned != nullptr && !cosigned->by_peer;
  const line::LogState& log = of_peer ? state.mirror : state.own;
  const record::TreeHead& head = own != nullptr ? own->head : cosigned->head;
  const auto& before = own != nullptr ? log.signed_head : log.cosigned;
  if (before && head.size <= before->head.size) {
    return Wrong(line, of_peer, head.size,
                 "must not have a head signed after that of " + std::to_string(before->head.size),
                 head.root.ToHex());
  }
  if (head.size > log.size() || (head.size == log.size() && head.root != log.tree.Root())) {
    return Wrong(line, of_peer, head.size, "must have a head that is of the entries here",
                 head.root.ToHex());
  }
  return {};
}

}  // namespace

base::Result<void> LineSignatures::CheckEffect(uint32_t line, const line::Effect& effect) {
  const auto* written = std::get_if<line::EntryWritten>(&effect);
  const auto* mirrored = std::get_if<line::EntryMirrored>(&effect);
  line::LineState& state = lines_[line];
  if (written == nullptr && mirrored == nullptr) {
    const auto* key = std::get_if<line::MessageKeyChanged>(&effect);
    if (key != nullptr && (key->by_peer ? state.mirror : state.own).keys.empty() &&
        key->first_seq != 1) {
      return Wrong(line, key->by_peer, key->first_seq, "must have a first key from entry 1",
                   key->key.KeyId());
    }
    WB_RETURN_IF_ERROR(CheckHead(line, state, effect));
    state.Apply(effect);
    return {};
  }
  const bool by_peer = mirrored != nullptr;
  const line::LogState& log = by_peer ? state.mirror : state.own;
  const uint64_t seq = by_peer ? mirrored->seq : written->seq;
  const std::string& envelope = *(by_peer ? mirrored->entry : written->entry).envelope;
  if (seq != log.size() + 1) {
    return Wrong(line, by_peer, seq, "must follow entry " + std::to_string(log.size()), "");
  }
  if (log.keys.empty()) return Wrong(line, by_peer, seq, "must be under a key that is known", "");
  const crypto::PublicKey& key = log.EpochAt(seq).key;
  const auto opened = line::OpenMessage(envelope, {&key, 1});
  if (!opened || opened->message.seq != seq) {
    return Wrong(
        line, by_peer, seq, "must be signed by the key in force there, " + key.KeyId(),
        opened ? "entry " + std::to_string(opened->message.seq) : opened.error().ToString());
  }
  ++checked_;
  state.Apply(effect);
  return {};
}

base::Result<void> LineSignatures::Check(const store::Batch& batch) {
  std::optional<base::Error> wrong;
  BatchVisitor visitor;
  visitor.line = [&](uint32_t line, const line::Effect& effect) {
    if (wrong) return;
    if (const auto checked = CheckEffect(line, effect); !checked) wrong = checked.error();
  };
  WB_RETURN_IF_ERROR(ReadBatch(batch.bytes, visitor));
  if (wrong) return base::Fail(*wrong);
  return {};
}

}  // namespace wideberth::service
