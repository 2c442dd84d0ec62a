#include "airspace/posting_lists.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "base/check.h"

namespace wideberth::airspace {

int LayerOf(const Posting& posting) {
  const int lower = posting.bound[Posting::kHullLower];
  const int upper = -posting.bound[Posting::kHullUpper];
  const int native_lower = posting.bound[Posting::kNativeLower];
  const int native_upper = -posting.bound[Posting::kNativeUpper];
  const bool thin = lower > -kHeightStepMax && upper < kHeightStepMax &&
                    upper - lower <= kThinSteps && std::abs(native_lower - lower) <= kThinSteps &&
                    std::abs(native_upper - upper) <= kThinSteps;
  if (thin) return ThinLayerAt(lower);
  return std::abs(native_lower - lower) <= kTallSteps ? TallLayerAt(lower) : kNoLayer;
}

PostingLists::List PostingLists::Name(uint32_t size_class, uint32_t run) {
  CHECK_MSG(run < (1u << kRunBits), "the index is full");
  return size_class << kRunBits | run;
}

PostingLists::Slot* PostingLists::FindSlot(Table* table, uint32_t key) {
  if (table->keys == 0) return nullptr;
  for (size_t at = table->Home(key); table->slots[at].list != kNone; at = table->Next(at)) {
    if (table->slots[at].key == key) return &table->slots[at];
  }
  return nullptr;
}

PostingLists::List PostingLists::Find(uint32_t key) const {
  const Table& table = tables_[TableOf(key)];
  if (table.keys == 0) return kNone;
  for (size_t at = table.Home(key); table.slots[at].list != kNone; at = table.Next(at)) {
    if (table.slots[at].key == key) return table.slots[at].list;
  }
  return kNone;
}

// Keeps at least a quarter of the slots free; a probe that finds nothing then looks at 8 slots on average at worst.
void PostingLists::Grow(Table* table) {
  if (4 * (table->keys + 1) <= 3 * table->slots.size()) return;
  std::vector<Slot> old(table->slots.empty() ? 8 : 2 * table->slots.size());
  old.swap(table->slots);
  table->shift = static_cast<uint32_t>(32 - std::countr_zero(table->slots.size()));
  for (const Slot& slot : old) {
    if (slot.list == kNone) continue;
    size_t at = table->Home(slot.key);
    while (table->slots[at].list != kNone) at = table->Next(at);
    table->slots[at] = slot;
  }
}

// Moves back what came after, so that no probe meets a hole before its key.
void PostingLists::EraseSlot(Table* table, Slot* slot) {
  auto hole = static_cast<size_t>(slot - table->slots.data());
  for (size_t at = table->Next(hole); table->slots[at].list != kNone; at = table->Next(at)) {
    const size_t home = table->Home(table->slots[at].key);
    // Whether `home` lies cyclically in (hole, at]: then the key may stay.
    const bool stays = hole <= at ? hole < home && home <= at : hole < home || home <= at;
    if (stays) continue;
    table->slots[hole] = table->slots[at];
    hole = at;
  }
  table->slots[hole] = Slot{};
  --table->keys;
}

PostingLists::List PostingLists::NewRun(uint32_t size_class, List link) {
  const List list = Name(size_class, runs_.Allocate(1u << size_class));
  Posting never;
  never.bound[Posting::kStart] = Posting::kNever;
  std::fill_n(RunOf(list), 1u << size_class, never);
  if (size_class == kClassMax) RunOf(list)[kRunMax - 1].slot_and_tag = link;
  return list;
}

// Postings fill a run from its start.
uint32_t PostingLists::Count(List list) const {
  const Posting* run = RunOf(list);
  const Posting* end = std::partition_point(run, run + Room(ClassOf(list)), [](const Posting& p) {
    return p.bound[Posting::kStart] != Posting::kNever;
  });
  return static_cast<uint32_t>(end - run);
}

PostingLists::List PostingLists::Resized(List list, uint32_t size_class, uint32_t count) {
  const List resized = NewRun(size_class, kNone);
  std::copy_n(RunOf(list), count, RunOf(resized));
  runs_.Free(PlaceOf(list), 1u << ClassOf(list));
  return resized;
}

PostingLists::Slot* PostingLists::FindOrMakeSlot(uint32_t key) {
  Table& table = tables_[TableOf(key)];
  if (Slot* found = FindSlot(&table, key)) return found;
  Grow(&table);
  size_t at = table.Home(key);
  while (table.slots[at].list != kNone) at = table.Next(at);
  table.slots[at] = {key, NewRun(0, kNone)};
  ++table.keys;
  return &table.slots[at];
}

void PostingLists::AddTo(List* list, const Posting& posting) {
  if (*list == kNone) *list = NewRun(0, kNone);
  uint32_t count = Count(*list);
  const uint32_t size_class = ClassOf(*list);
  if (count == Room(size_class)) {
    if (size_class < kClassMax) {
      *list = Resized(*list, size_class + 1, count);
    } else {
      *list = NewRun(kClassMax, *list);
      count = 0;
    }
  }
  RunOf(*list)[count] = posting;
}

void PostingLists::AddInLayer(uint32_t key, const Posting& posting) {
  AddTo(&FindOrMakeSlot(LayerKey(key, LayerOf(posting)))->list, posting);
}

// Splits a full list when at least half of it would move.
bool PostingLists::TrySplit(Slot* slot) {
  const List whole = slot->list;
  const uint32_t size_class = ClassOf(whole);
  if (size_class < kSplitFromClass || Count(whole) < Room(size_class)) return false;
  if (size_class == kClassMax && LinkOf(whole) != kNone) return false;
  const std::vector<Posting> all(RunOf(whole), RunOf(whole) + Room(size_class));
  Split split;
  for (const Posting& posting : all) split.layered += LayerOf(posting) != kNoLayer ? 1 : 0;
  if (2 * split.layered < all.size()) return false;
  runs_.Free(PlaceOf(whole), 1u << size_class);
  for (const Posting& posting : all) {
    if (LayerOf(posting) == kNoLayer) {
      AddTo(&split.rest, posting);
    } else {
      AddInLayer(slot->key, posting);
    }
  }
  slot->list = Name(kSplitClass, runs_.Allocate(1));
  *RunOf(slot->list) = std::bit_cast<Posting>(split);
  return true;
}

void PostingLists::Add(uint32_t key, const Posting& posting) {
  ++postings_;
  // Layers are in other tables than places (their keys are odd), so `slot` stays where it is.
  Slot* slot = FindOrMakeSlot(key);
  if (!IsSplit(slot->list) && !TrySplit(slot)) {
    AddTo(&slot->list, posting);
    return;
  }
  Split split = SplitOf(slot->list);
  if (LayerOf(posting) == kNoLayer) {
    AddTo(&split.rest, posting);
  } else {
    AddInLayer(key, posting);
    ++split.layered;
  }
  *RunOf(slot->list) = std::bit_cast<Posting>(split);
}

void PostingLists::RemoveFrom(List* head, const Posting& posting) {
  Posting* found = nullptr;
  for (List list = *head; found == nullptr;) {
    CHECK_MSG(list != kNone, "a volume is not listed where it should be");
    Posting* end = RunOf(list) + Count(list);
    found = std::find_if(RunOf(list), end,
                         [&](const Posting& p) { return p.slot() == posting.slot(); });
    if (found == end) found = nullptr;
    list = ClassOf(list) == kClassMax ? LinkOf(list) : kNone;
  }
  const uint32_t left = Count(*head) - 1;
  Posting* last = RunOf(*head) + left;
  *found = *last;
  *last = Posting{};
  last->bound[Posting::kStart] = Posting::kNever;
  const uint32_t size_class = ClassOf(*head);
  const List link = size_class == kClassMax ? LinkOf(*head) : kNone;
  if (left == 0) {
    runs_.Free(PlaceOf(*head), 1u << size_class);
    *head = link;
  } else if (link == kNone && size_class > 0 && 4 * left <= (1u << size_class)) {
    *head = Resized(*head, size_class - 1, left);
  }
}

void PostingLists::Remove(uint32_t key, const Posting& posting) {
  --postings_;
  Table& table = tables_[TableOf(key)];
  Slot* slot = FindSlot(&table, key);
  CHECK_MSG(slot != nullptr, "a volume is not listed where it should be");
  if (!IsSplit(slot->list)) {
    RemoveFrom(&slot->list, posting);
  } else {
    Split split = SplitOf(slot->list);
    const int layer = LayerOf(posting);
    if (layer == kNoLayer) {
      RemoveFrom(&split.rest, posting);
    } else {
      const uint32_t layer_key = LayerKey(key, layer);
      Table& layers = tables_[TableOf(layer_key)];
      Slot* in_layer = FindSlot(&layers, layer_key);
      CHECK_MSG(in_layer != nullptr, "a volume is not listed where it should be");
      RemoveFrom(&in_layer->list, posting);
      if (in_layer->list == kNone) EraseSlot(&layers, in_layer);
      --split.layered;
    }
    *RunOf(slot->list) = std::bit_cast<Posting>(split);
    if (split.layered == 0) {
      runs_.Free(PlaceOf(slot->list), 1);
      slot->list = split.rest;
    }
  }
  if (slot->list == kNone) EraseSlot(&table, slot);
}

size_t PostingLists::bytes() const {
  size_t bytes = sizeof *this + runs_.bytes();
  for (const Table& table : tables_) bytes += table.slots.capacity() * sizeof(Slot);
  return bytes;
}

}  // namespace wideberth::airspace
