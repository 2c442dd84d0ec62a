// Finds what meets an extent: the index of one kind of entity.
//
// By cell, then by how long an entity lasts (powers of two of a minute), then by when it starts. Within one class of
// duration up to w, whatever meets [a, b] starts in [a - w, b]: one range of a sorted sequence, at most about twice as
// long as what meets it. So a search costs by what it finds, not by what is stored, and stays that way when a million
// entities lie in one cell. Each entity stands once in each of its cells, with its bounds beside it: nothing is looked
// up elsewhere until it is a hit in time and altitude.
//
// Threads: Search from any number while nobody changes.
#ifndef WIDEBERTH_DSS_EXTENT_INDEX_H_
#define WIDEBERTH_DSS_EXTENT_INDEX_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "dss/entities.h"

namespace wideberth::dss {

class ExtentIndex {
 public:
  ExtentIndex();
  ~ExtentIndex();
  ExtentIndex(ExtentIndex&&) noexcept;
  ExtentIndex& operator=(ExtentIndex&&) noexcept;

  // `slot` names the entity and is in the index once.
  void Insert(uint32_t slot, const Extent& extent);
  // With the extent that it was inserted with.
  void Erase(uint32_t slot, const Extent& extent);

  // The slots of what shares a cell with `extent` and meets its times and altitudes: sorted, each once.
  void Search(const Extent& extent, std::vector<uint32_t>* slots) const;

  size_t entries() const { return entries_; }  // one for each entity and cell

 private:
  struct Entry {
    int64_t start_us;
    int64_t end_us;
    int32_t lower_mm;
    int32_t upper_mm;
    uint32_t slot;
  };
  // Sorted by start and slot, in pieces that are split when they are full.
  class Sequence {
   public:
    void Insert(const Entry& entry);
    void Erase(int64_t start_us, uint32_t slot);
    void Search(int64_t from_us, const Extent& extent, std::vector<uint32_t>* slots) const;
    bool empty() const { return pieces_.empty(); }

   private:
    struct Piece {
      int64_t first_start_us = 0;
      uint32_t first_slot = 0;
      std::vector<Entry> entries;
    };
    size_t PieceOf(int64_t start_us, uint32_t slot) const;
    std::vector<Piece> pieces_;
  };
  struct Class {
    int duration = 0;  // lasts at most 2^duration minutes
    Sequence sequence;
  };
  using Cell = std::vector<Class>;  // few: sorted by nothing

  std::unordered_map<geo::CellId, Cell> cells_;
  size_t entries_ = 0;
};

}  // namespace wideberth::dss

#endif  // WIDEBERTH_DSS_EXTENT_INDEX_H_
