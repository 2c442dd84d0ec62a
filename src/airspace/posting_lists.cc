#include "airspace/posting_lists.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace wideberth::airspace {

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
  const Table& table = tables_[key % kTables];
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

void PostingLists::Add(uint32_t key, const Posting& posting) {
  Table& table = tables_[key % kTables];
  Slot* slot = FindSlot(&table, key);
  if (slot == nullptr) {
    Grow(&table);
    size_t at = table.Home(key);
    while (table.slots[at].list != kNone) at = table.Next(at);
    slot = &table.slots[at];
    *slot = {key, NewRun(0, kNone)};
    ++table.keys;
  }
  uint32_t count = Count(slot->list);
  const uint32_t size_class = ClassOf(slot->list);
  if (count == Room(size_class)) {
    if (size_class < kClassMax) {
      slot->list = Resized(slot->list, size_class + 1, count);
    } else {
      slot->list = NewRun(kClassMax, slot->list);
      count = 0;
    }
  }
  RunOf(slot->list)[count] = posting;
  ++postings_;
}

void PostingLists::Remove(uint32_t key, uint32_t slot_number) {
  Table& table = tables_[key % kTables];
  Slot* slot = FindSlot(&table, key);
  CHECK(slot != nullptr);
  Posting* found = nullptr;
  for (List list = slot->list; found == nullptr;) {
    CHECK(list != kNone);
    Posting* end = RunOf(list) + Count(list);
    found =
        std::find_if(RunOf(list), end, [&](const Posting& p) { return p.slot() == slot_number; });
    if (found == end) found = nullptr;
    list = ClassOf(list) == kClassMax ? LinkOf(list) : kNone;
  }
  const uint32_t left = Count(slot->list) - 1;
  Posting* last = RunOf(slot->list) + left;
  *found = *last;
  *last = Posting{};
  last->bound[Posting::kStart] = Posting::kNever;
  --postings_;
  const uint32_t size_class = ClassOf(slot->list);
  const List link = size_class == kClassMax ? LinkOf(slot->list) : kNone;
  if (left == 0) {
    runs_.Free(PlaceOf(slot->list), 1u << size_class);
    slot->list = link;
    if (link == kNone) EraseSlot(&table, slot);
  } else if (link == kNone && size_class > 0 && 4 * left <= (1u << size_class)) {
    slot->list = Resized(slot->list, size_class - 1, left);
  }
}

size_t PostingLists::bytes() const {
  size_t bytes = sizeof *this + runs_.bytes();
  for (const Table& table : tables_) bytes += table.slots.capacity() * sizeof(Slot);
  return bytes;
}

}  // namespace wideberth::airspace
