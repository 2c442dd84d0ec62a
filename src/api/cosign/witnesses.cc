#include "api/cosign/witnesses.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/durable_file.h"
#include "base/log.h"
#include "base/random.h"
#include "record/checkpoint.h"

namespace wideberth::api::cosign {
namespace {

using base::Result;
using record::SignedNote;
using service::RecordReader;

constexpr std::chrono::seconds kPeriod(10);

std::vector<record::VerifierKey> KeysOf(const std::vector<WitnessState>& states) {
  std::vector<record::VerifierKey> keys;
  for (const WitnessState& state : states) keys.push_back(state.witness.key);
  return keys;
}

// The signature of the log alone: whose line it is on is nobody else's business.
Result<SignedNote> LogsOwn(const SignedNote& note) {
  WB_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint, record::ParseCheckpoint(note.text));
  SignedNote own{note.text, {}};
  for (const record::NoteSignature& signature : note.signatures) {
    if (signature.key_name == checkpoint.origin) own.signatures = {signature};
  }
  return own;
}

void TakeSignature(const record::NoteSignature& signature, const SignedNote& note, uint64_t size,
                   WitnessState* state) {
  state->size = size;
  const SignedNote one{note.text, {signature}};
  const auto verified = record::VerifyNote(one, {&state->witness.key, 1});
  if (verified) state->time_s = verified->front().time_s;
  state->trouble.clear();
}

// A file that is damaged is put aside, whole, and another begun: what it holds is for people, and nothing that the node
// itself decides by.
Result<std::unique_ptr<witness::CosignedNotes>> OpenNotes(const std::string& path) {
  auto notes = witness::CosignedNotes::Open(path);
  if (notes || notes.error().code != base::ErrorCode::kInvalid) return notes;
  const std::string aside = path + ".damaged-" + base::SystemRandom().NewUuidV4().ToString();
  base::Log(base::LogLevel::kError, "cosignatures_damaged",
            {{"error", notes.error().ToString()}, {"kept_as", aside}});
  WB_RETURN_IF_ERROR(base::RenameFile(path, aside));
  return witness::CosignedNotes::Open(path);
}

}  // namespace

Result<std::unique_ptr<Witnesses>> Witnesses::Open(const std::string& folder,
                                                   const WitnessesOfPeers& of) {
  std::unique_ptr<Witnesses> witnesses(new Witnesses());
  WB_RETURN_IF_ERROR(base::MakeFolder(folder));
  for (const auto& [peer, all] : of) {
    Line& line = witnesses->lines_[peer];
    for (const witness::Witness& each : all) line.states.push_back({each, 0, 0, "not asked yet"});
    WB_ASSIGN_OR_RETURN(line.notes, OpenNotes(folder + "/" + peer.ToString() + ".notes"));
    // From where it was; a witness says itself when that is not so.
    for (WitnessState& state : line.states) {
      WB_ASSIGN_OR_RETURN(const auto last, line.notes->Last({state.witness.key}));
      if (!last) continue;
      WB_ASSIGN_OR_RETURN(const SignedNote note, record::ParseNote(*last));
      WB_ASSIGN_OR_RETURN(const record::Checkpoint checkpoint, record::ParseCheckpoint(note.text));
      for (const record::NoteSignature& signature : note.signatures) {
        if (signature.key_name == state.witness.key.name() &&
            signature.key_id == state.witness.key.id()) {
          TakeSignature(signature, note, checkpoint.head.size, &state);
        }
      }
    }
  }
  return witnesses;
}

Witnesses::~Witnesses() {
  Stop();
}

void Witnesses::Start(const service::Node& node) {
  const bool any = std::any_of(lines_.begin(), lines_.end(),
                               [](const auto& line) { return !line.second.states.empty(); });
  if (!any) return;
  thread_ = std::thread([this, &node] {
    std::unique_lock lock(stop_mutex_);
    while (!stopping_) {
      lock.unlock();
      Round(node);
      lock.lock();
      wake_.wait_for(lock, kPeriod, [this] { return stopping_; });
    }
  });
}

void Witnesses::Stop() {
  {
    const std::lock_guard lock(stop_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Witnesses::IsStopping() {
  const std::lock_guard lock(stop_mutex_);
  return stopping_;
}

void Witnesses::Round(const service::Node& node) {
  for (auto& [peer, line] : lines_) RoundOf(node, peer, &line);
}

void Witnesses::RoundOf(const service::Node& node, base::PartyId peer, Line* line) {
  const RecordReader record = node.record();
  const auto log = record.Find(peer, service::Writer::kOurs);
  if (!log || !log->cosigned) return;
  const record::TreeHead head = log->cosigned->head;
  const Result<SignedNote> note = record::ParseNote(*log->cosigned->note);
  const Result<SignedNote> own = note ? LogsOwn(*note) : note;
  if (!own) return;
  SignedNote all = line->last && line->last->text == note->text ? *line->last : *note;
  bool any = false;
  for (size_t i = 0; i < line->states.size(); ++i) {
    // Changed on this thread alone.
    WitnessState state = line->states[i];
    if (state.size == head.size && state.trouble.empty()) continue;
    if (IsStopping()) break;
    const auto signature = witness::Ask(
        state.witness, *own, std::min(state.size, head.size),
        [&](uint64_t old_size) { return record.ProveConsistency(*log, old_size, head.size); });
    if (signature) {
      TakeSignature(*signature, *own, head.size, &state);
      all.signatures.push_back(*signature);
      any = true;
    } else {
      if (state.trouble != signature.error().ToString()) {
        // Another history at a witness is worse than one that is away.
        const bool other = signature.error().code == base::ErrorCode::kConflict;
        base::Log(other ? base::LogLevel::kError : base::LogLevel::kWarn, "witness_not_cosigning",
                  {{"witness", state.witness.key.name()}, {"error", signature.error().ToString()}});
      }
      state.trouble = signature.error().ToString();
    }
    const std::lock_guard lock(mutex_);
    line->states[i] = state;
  }
  if (!any) return;
  if (const Result<void> kept = line->notes->Append(all); !kept) {
    base::Log(base::LogLevel::kError, "cosignature_not_kept", {{"error", kept.error().ToString()}});
    return;
  }
  line->last = std::move(all);
}

std::vector<WitnessState> Witnesses::StateOf(base::PartyId peer) const {
  const std::lock_guard lock(mutex_);
  const auto found = lines_.find(peer);
  return found == lines_.end() ? std::vector<WitnessState>() : found->second.states;
}

Result<std::string> Witnesses::Checkpoint(base::PartyId peer, std::optional<uint64_t> size) const {
  const std::vector<record::VerifierKey> keys = KeysOf(StateOf(peer));
  const auto found = lines_.find(peer);
  std::optional<std::string> note;
  if (!keys.empty()) {
    WB_ASSIGN_OR_RETURN(
        note, size ? found->second.notes->FirstFrom(*size, keys) : found->second.notes->Last(keys));
  }
  if (note) return *std::move(note);
  return base::Fail(base::ErrorCode::kNotFound, "witnessed",
                    "must be of a log that all of its witnesses have cosigned so far");
}

}  // namespace wideberth::api::cosign
