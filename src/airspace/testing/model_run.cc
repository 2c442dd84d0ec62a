#include "airspace/testing/model_run.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "airspace/conflict.h"
#include "airspace/testing/world.h"
#include "base/check.h"

namespace wideberth::airspace::testing {
namespace {

constexpr uint8_t kNotices = 12;
constexpr int64_t kMinute = base::kMicrosPerMinute;

// Takes the input apart; zero when it is used up.
class Input {
 public:
  explicit Input(base::ByteView bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const uint8_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }

 private:
  base::ByteView bytes_;
};

// Coarse steps, so that touching, equal and nearly equal happen often.
Volume4D ReadVolume(Input& in, base::UtcMicros now, NoticeKind kind) {
  const Declaration base = TestActivity((in.Byte() % 32) * 1'000.0);
  Volume4D volume = base.volumes[0];
  const uint8_t heights = in.Byte();
  volume.band.lower.mm = 1'000'000 + (heights % 16) * 100'000;
  volume.band.upper.mm = volume.band.lower.mm + 100'000 + (heights / 16) * 50'000;
  const uint8_t times = in.Byte();
  volume.window.start.us = now.us + (times % 16 - 2) * 5 * kMinute;
  volume.window.end.us = volume.window.start.us + (1 + times / 16) * 5 * kMinute;
  if (kind != NoticeKind::kActivity && times == 255) volume.window.end = base::kTimeOpenEnd;
  return volume;
}

Declaration ReadDeclaration(Input& in, uint8_t notice, base::UtcMicros now) {
  // The kind goes with the notice: it may not change between versions.
  constexpr NoticeKind kKinds[] = {NoticeKind::kActivity,      NoticeKind::kActivity,
                                   NoticeKind::kHazard,        NoticeKind::kActivity,
                                   NoticeKind::kProtectedSite, NoticeKind::kZone};
  Declaration declaration = TestActivity();
  declaration.kind = kKinds[notice % 6];
  const uint8_t variety = in.Byte();
  declaration.unplanned = declaration.kind == NoticeKind::kHazard && (variety & 2) != 0;
  declaration.on_behalf_of = (variety & 4) != 0;
  if ((variety & 8) != 0) declaration.may_tell = {TestParty(3)};
  if (declaration.kind == NoticeKind::kActivity && (variety & 1) != 0) {
    declaration.activity_class = "survey";
  }
  if (declaration.kind == NoticeKind::kZone) {
    declaration.restriction = static_cast<Restriction>(variety % 4);
  }
  declaration.volumes.clear();
  const int volumes = 1 + (variety >> 7);
  for (int i = 0; i < volumes; ++i) {
    declaration.volumes.push_back(ReadVolume(in, now, declaration.kind));
  }
  return declaration;
}

// What has been told about a notice, kept by the model itself: which versions are checked is its own finding.
struct Told {
  base::Digest version;
  bool draft = false;
  bool until_read_back = false;
};
struct Book {
  std::vector<Told> versions;  // as in the notice
  bool withdrawn = false;
  std::map<base::PartyId, std::optional<base::Digest>> read_back;  // by everybody it came to
};
using Books = std::map<base::NoticeId, Book>;

// The versions checked against who has read back that much, as indices: what was said last and needs no reading back
// starts afresh, and so does what was read back; everything else is added.
std::set<uint32_t> Union(const Book& book, const std::optional<base::Digest>& read_back) {
  std::set<uint32_t> checked;
  for (uint32_t i = 0; i < book.versions.size(); ++i) {
    const Told& told = book.versions[i];
    if (told.draft) continue;
    if (!told.until_read_back || told.version == read_back) checked.clear();
    checked.insert(i);
  }
  return checked;
}

std::set<uint32_t> NaivelyChecked(const Book& book, base::PartyId issuer, base::PartyId against) {
  if (book.withdrawn) return {};
  const std::set<uint32_t> everything = Union(book, std::nullopt);
  if (everything.empty()) return {};
  if (against == issuer) return {*everything.rbegin()};
  if (const auto known = book.read_back.find(against); known != book.read_back.end()) {
    return Union(book, known->second);
  }
  if (book.read_back.empty()) return everything;
  std::set<uint32_t> checked;
  for (const auto& [party, read_back] : book.read_back) checked.merge(Union(book, read_back));
  return checked;
}

// Brings the book up to a command that was not refused.
void Enter(const Notice* before, const Notice& notice, const CommandBody& body, Book* book) {
  if (const auto* declare = std::get_if<Declare>(&body)) {
    if (before != nullptr && *before == notice) return;  // a repetition
    const base::Digest name = declare->name.value_or(declare->prepared->digest());
    if (!book->versions.empty() && book->versions.back().draft &&
        book->versions.back().version == name) {
      book->versions.pop_back();
    }
    book->versions.push_back({name, declare->draft, declare->until_read_back});
    if (declare->draft || declare->held || declare->until_read_back) return;
    for (uint8_t party = 1; party <= 3; ++party) {
      if (TestParty(party) != notice.party) book->read_back.try_emplace(TestParty(party));
    }
  } else if (std::holds_alternative<Withdraw>(body)) {
    book->withdrawn = true;
  } else if (const auto* receipt = std::get_if<RecordReceipt>(&body)) {
    book->read_back.try_emplace(receipt->by);
  } else if (const auto* cosigned = std::get_if<RecordCosigned>(&body)) {
    book->read_back.try_emplace(cosigned->by);
  } else if (const auto* read = std::get_if<RecordReadBack>(&body)) {
    const auto place = [&](const std::optional<base::Digest>& version) {
      for (size_t i = book->versions.size(); i-- > 0;) {
        if (book->versions[i].version == version) return static_cast<int>(i);
      }
      return -1;
    };
    std::optional<base::Digest>& known = book->read_back[read->by];
    if (place(read->version) > place(known)) known = read->version;
  }
}

using Finding =
    std::tuple<std::pair<base::NoticeId, base::NoticeId>, Treatment, std::optional<Verdict>, bool>;

// The treatment and the verdict only where each side has one volume: with more, what is long over may have decided it.
struct NaivePair {
  bool live = false;
  size_t looked_at = 0;
  Treatment treatment = Treatment::kNone;
  Verdict verdict = Verdict::kPossible;
};

void NaivelyCheckVersions(const World& world, const Notice& a, const NoticeVersion& version_a,
                          const Notice& b, const NoticeVersion& version_b, NaivePair* result) {
  const Declaration& of_a = version_a.declaration;
  const Declaration& of_b = version_b.declaration;
  const Rules& rules = world.rules().Between(a.party, b.party);
  const Treatment treatment = rules.TreatmentFor(a.party, of_a, b.party, of_b);
  const Separation separation = rules.For(of_a, of_b);
  for (const Volume4D& volume_a : of_a.volumes) {
    for (const Volume4D& volume_b : of_b.volumes) {
      ++result->looked_at;
      if (treatment == Treatment::kNone) continue;
      const TimeWindow window_a = EffectiveWindow(a, version_a, volume_a);
      const TimeWindow window_b = EffectiveWindow(b, version_b, volume_b);
      const VolumeVerdict verdict =
          JudgeVolumes(volume_a, window_a, *geo::Shape::Prepare(volume_a.outline), volume_b,
                       window_b, *geo::Shape::Prepare(volume_b.outline), separation);
      if (verdict.verdict == Verdict::kClear) continue;
      const base::UtcMicros first_end = std::min(window_a.end, window_b.end);
      const bool open = first_end == base::kTimeOpenEnd;
      result->live = result->live || open || first_end.us + separation.time_us > world.now().us;
      result->treatment = std::max(result->treatment, treatment);
      if (verdict.verdict == Verdict::kCertain) result->verdict = Verdict::kCertain;
    }
  }
}

NaivePair NaivelyCheck(const World& world, const Books& books, const Notice& a, const Notice& b) {
  NaivePair result;
  for (const uint32_t i : NaivelyChecked(books.at(a.id), a.party, b.party)) {
    for (const uint32_t k : NaivelyChecked(books.at(b.id), b.party, a.party)) {
      NaivelyCheckVersions(world, a, a.versions[i], b, b.versions[k], &result);
    }
  }
  return result;
}

bool IsHeld(const Notice& notice) {
  return std::any_of(notice.versions.begin(), notice.versions.end(),
                     [](const NoticeVersion& v) { return v.disclosure == Disclosure::kHeld; });
}

struct Findings {
  std::set<Finding> found;
  // Pairs of which there was more than one pair of volumes to look at.
  std::set<std::pair<base::NoticeId, base::NoticeId>> many;
};

Findings NaiveFindings(const World& world, const Books& books) {
  std::vector<const Notice*> notices;
  world.state().VisitNotices(0, [&](uint64_t, const Notice& notice) {
    notices.push_back(&notice);
    return true;
  });
  Findings findings;
  for (const Notice* a : notices) {
    for (const Notice* b : notices) {
      if (!(a->id < b->id) || a->data_mode() != b->data_mode()) continue;
      if (IsHeld(*a) && IsHeld(*b)) continue;
      const NaivePair pair = NaivelyCheck(world, books, *a, *b);
      if (pair.looked_at > 1) findings.many.insert({a->id, b->id});
      if (!pair.live) continue;
      const bool many = pair.looked_at > 1;
      findings.found.insert({{a->id, b->id},
                             many ? Treatment::kNone : pair.treatment,
                             many ? std::nullopt : std::optional<Verdict>(pair.verdict),
                             IsHeld(*a) || IsHeld(*b)});
    }
  }
  return findings;
}

std::set<Finding> EngineFindings(
    const World& world, const std::set<std::pair<base::NoticeId, base::NoticeId>>& many_of) {
  std::set<Finding> findings;
  for (const Conflict& conflict : world.Live()) {
    const std::pair pair{conflict.sides[0].notice, conflict.sides[1].notice};
    const bool many = many_of.contains(pair);
    findings.insert({pair, many ? Treatment::kNone : conflict.treatment,
                     many ? std::nullopt : std::optional<Verdict>(conflict.verdict),
                     conflict.local()});
  }
  return findings;
}

std::string Describe(const std::set<Finding>& findings) {
  std::string text;
  for (const auto& [pair, treatment, verdict, local] : findings) {
    text += " " + std::to_string(pair.first.uuid.bytes[15]) + "-" +
            std::to_string(pair.second.uuid.bytes[15]) + " " + std::string(Name(treatment));
    if (verdict) text += " " + std::string(Name(*verdict));
    if (local) text += " local";
  }
  return text;
}

// The library's answer to what is checked, against the model's.
std::string CompareChecked(const World& world, const Books& books, ModelCoverage* coverage) {
  std::string difference;
  world.state().VisitNotices(0, [&](uint64_t, const Notice& notice) {
    std::set<uint32_t> any;
    for (uint8_t party = 1; party <= 4; ++party) {  // 4 is nobody's: nothing came to it
      const std::vector<uint32_t> checked = CheckedVersions(notice, TestParty(party));
      const std::set<uint32_t> naive =
          NaivelyChecked(books.at(notice.id), notice.party, TestParty(party));
      if (std::set<uint32_t>(checked.begin(), checked.end()) != naive) {
        difference = "notice " + std::to_string(notice.id.uuid.bytes[15]) +
                     " is checked in other versions against party " + std::to_string(party);
      }
      any.insert(naive.begin(), naive.end());
    }
    const std::vector<uint32_t> checked = CheckedVersions(notice);
    if (std::set<uint32_t>(checked.begin(), checked.end()) != any) {
      difference = "the versions checked against anybody are not those checked against some";
    }
    if (any.size() > 1) ++coverage->unions;
    for (uint8_t party = 1; party <= 3; ++party) {
      const size_t against = CheckedVersions(notice, TestParty(party)).size();
      if (TestParty(party) != notice.party && against < any.size()) ++coverage->bilateral;
    }
    return difference.empty();
  });
  return difference;
}

// A version of the notice, often the latest.
base::Digest SomeVersion(const World& world, uint8_t notice, uint8_t choice) {
  const Notice* found = world.state().FindNotice(TestNotice(notice));
  if (found == nullptr) return {};
  const size_t back = choice % 8 < 5 ? 0 : choice % 8 - 4u;
  const size_t last = found->versions.size() - 1;
  return found->versions[back > last ? last : last - back].digest;
}

// The flags of a declaration: named or not, read back or not, a draft or held. The notices 11 and 12 are held.
Declare ReadDeclare(Input& in, const World& world, uint8_t operation, uint8_t notice) {
  Declare command;
  const uint8_t flags = in.Byte();
  command.draft = operation % 16 == 7;
  command.held = !command.draft && notice > 10;
  command.until_read_back = !command.draft && !command.held && (flags & 1) != 0;
  if ((flags & 2) != 0) {
    const base::Bytes name = {notice, static_cast<uint8_t>(flags >> 4)};
    command.name = (flags & 4) != 0 ? SomeVersion(world, notice, flags >> 4) : TestDigest(name);
  }
  return command;
}

struct Asked {
  base::PartyId party;
  CommandBody body;
};

// What an operation asks for; nothing when it lets time pass.
std::optional<Asked> ReadCommand(World& world, Input& in, uint8_t operation, uint8_t notice) {
  const base::PartyId party = TestParty(static_cast<uint8_t>(1 + notice % 3));
  const base::NoticeId id = TestNotice(notice);
  const base::Digest version = world.Latest(notice);
  const auto anybody = [&] { return TestParty(static_cast<uint8_t>(1 + in.Byte() % 3)); };
  // Nearly always one of the two others.
  const auto other = [&] {
    const uint8_t byte = in.Byte();
    return byte == 255 ? party : TestParty(static_cast<uint8_t>(1 + (notice + 1 + byte % 2) % 3));
  };
  const Notice* found = world.state().FindNotice(id);
  // Somebody it came to, if there is anybody.
  const auto recipient = [&] {
    const uint8_t byte = in.Byte();
    if (found == nullptr || found->delivery.empty())
      return TestParty(static_cast<uint8_t>(1 + byte % 3));
    return std::next(found->delivery.begin(), static_cast<ptrdiff_t>(byte % found->delivery.size()))
        ->first;
  };
  // Of what does not exist yet little can be asked but that it should.
  const bool begins = found == nullptr && operation < 192 && operation % 16 != 5;
  switch (begins ? 15 : operation % 16) {
    case 0:
      return Asked{party, Withdraw{id, version}};
    case 1:
      return Asked{party, SetActivity{id, ActivityState::kActive, version}};
    case 2:
      return Asked{party, SetActivity{id, ActivityState::kEnded, version}};
    case 3:
      return Asked{party, AllClear{id, version, false}};
    case 4:
      return Asked{anybody(), Assess{id, version, Assessment::kObjection, std::nullopt}};
    case 5:
      world.Pass((in.Byte() % 32) * kMinute);
      return std::nullopt;
    case 6:
      return Asked{{}, Recheck{id}};
    case 12: {
      const base::UtcMicros cosigned_at{world.now().us / 1'000'000 * 1'000'000};
      return Asked{{},
                   RecordCosigned{id, SomeVersion(world, notice, in.Byte()), other(), cosigned_at}};
    }
    case 8:
      return Asked{{}, RecordReceipt{id, SomeVersion(world, notice, in.Byte()), other()}};
    case 9:
    case 10:
      return Asked{{}, RecordReadBack{id, SomeVersion(world, notice, in.Byte()), recipient()}};
    case 11:
      return Asked{{}, Disregard{id, other()}};
    default: {
      Declare command = ReadDeclare(in, world, operation, notice);
      command.id = id;
      if (found != nullptr) command.replaces = version;
      base::Result<PreparedDeclaration> prepared = PreparedDeclaration::Prepare(
          ReadDeclaration(in, notice, world.now()), world.rules(), {}, TestDigest);
      CHECK(prepared.has_value());
      command.prepared = std::make_shared<const PreparedDeclaration>(std::move(*prepared));
      return Asked{party, std::move(command)};
    }
  }
}

// Runs one command, keeps the book, and says what is wrong; empty when nothing is.
std::string RunCommand(World& world, Books& books, Asked asked, ModelCoverage* coverage) {
  const base::NoticeId id = std::visit(
      [](const auto& body) {
        if constexpr (requires { body.id; }) return body.id;
        return base::NoticeId{};
      },
      asked.body);
  const base::Bytes canonical = world.state().Canonical();
  std::optional<Notice> before;
  if (const Notice* found = world.state().FindNotice(id)) before = *found;
  const base::Result<Decision> decision = world.Do(asked.party, asked.body);
  ++coverage->commands;
  if (!decision) {
    ++coverage->refusals;
    if (world.state().Canonical() == canonical) return {};
    return "a refused command changed the state: " + decision.error().ToString();
  }
  for (const Conflict& conflict : decision->conflicts) {
    const bool may_know =
        asked.party.uuid.is_nil() ? !conflict.local() : IsKnownTo(conflict, asked.party);
    if (!may_know) return "an answer has a conflict that is not the asker's to know";
  }
  coverage->read_backs += std::holds_alternative<RecordReadBack>(asked.body) ? 1 : 0;
  const Notice* after = world.state().FindNotice(id);
  if (after != nullptr) Enter(before ? &*before : nullptr, *after, asked.body, &books[id]);
  return {};
}

std::string CompareRestored(const World& world, const std::map<uint64_t, base::Bytes>& rows,
                            size_t from) {
  const base::Bytes canonical = world.state().Canonical();
  if (world.Replayed()->Canonical() != canonical) return "replaying the log gives another state";
  const std::unique_ptr<State> restored = world.Restored(rows, from);
  restored->SanityCheck();
  if (restored->Canonical() != canonical) return "the projection and the log give another state";
  return {};
}

}  // namespace

std::string RunAgainstModel(base::ByteView bytes, ModelCoverage* coverage) {
  Input in(bytes);
  World world;
  std::map<uint64_t, base::Bytes> rows;
  size_t complete_to = 0;
  Books books;
  for (int step = 0; !in.empty(); ++step) {
    const uint8_t operation = in.Byte();
    const uint8_t notice = static_cast<uint8_t>(1 + in.Byte() % kNotices);
    if (std::optional<Asked> asked = ReadCommand(world, in, operation, notice)) {
      std::string wrong = RunCommand(world, books, std::move(*asked), coverage);
      if (!wrong.empty()) return wrong;
    }
    // Rows taken in the middle of the log: a checkpoint that is behind in some rows' eyes, ahead in others'.
    if (operation >= 240) {
      const size_t at = complete_to;
      complete_to = world.Project(&rows);
      if (operation >= 250) complete_to = at;
    }
    if (!world.Do({}, Tick{DataMode::kReal})) return "a tick was refused";
    world.state().SanityCheck();
    const Findings naive = NaiveFindings(world, books);
    const std::set<Finding> engine = EngineFindings(world, naive.many);
    coverage->conflicts_seen += engine.size();
    for (const Finding& finding : engine) coverage->local_conflicts += std::get<3>(finding) ? 1 : 0;
    if (naive.found != engine) {
      return "step " + std::to_string(step) + ": the model finds" + Describe(naive.found) +
             "; the engine has" + Describe(engine);
    }
    const std::string other = CompareChecked(world, books, coverage);
    if (!other.empty()) return "step " + std::to_string(step) + ": " + other;
  }
  return CompareRestored(world, rows, complete_to);
}

}  // namespace wideberth::airspace::testing
