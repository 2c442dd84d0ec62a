// What one DSS holds, in memory: its entities, and where they are.
//
// Threads: const methods from any number while nobody calls Apply. Apply cannot fail: effects come from Decide, or from
// a log whose bytes were checked; applying one again changes nothing.
#ifndef WIDEBERTH_DSS_STATE_H_
#define WIDEBERTH_DSS_STATE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "dss/effects.h"
#include "dss/view.h"

namespace wideberth::dss {

class State final : public View {
 public:
  State();
  ~State() override;
  State(State&&) noexcept;
  State& operator=(State&&) noexcept;

  void Apply(const Effect& effect);

  // View
  const Intent* FindIntent(const base::Uuid& id) const override;
  const Constraint* FindConstraint(const base::Uuid& id) const override;
  const Subscription* FindSubscription(const base::Uuid& id) const override;
  const ServiceArea* FindServiceArea(const base::Uuid& id) const override;
  const RidSubscription* FindRidSubscription(const base::Uuid& id) const override;
  std::vector<const Intent*> IntentsNear(const Extent& extent) const override;
  std::vector<const Constraint*> ConstraintsNear(const Extent& extent) const override;
  std::vector<const Subscription*> SubscriptionsNear(const Extent& extent) const override;
  std::vector<const ServiceArea*> ServiceAreasNear(const Extent& extent) const override;
  std::vector<const RidSubscription*> RidSubscriptionsNear(const Extent& extent) const override;
  std::vector<const Intent*> DependentsOf(const base::Uuid& subscription) const override;
  UssAvailability AvailabilityOf(std::string_view uss) const override;
  std::vector<Ended> EndedBefore(base::UtcMicros before, size_t max) const override;

  struct Statistics {
    std::array<size_t, kKinds> entities{};  // by kind
    size_t index_entries = 0;               // of all kinds
  };
  Statistics GetStatistics() const;

  // Rows of a projection, as airspace/state.h has them: one an entity and one a provider's availability, under keys of
  // at most 56 bits.
  std::vector<uint64_t> TakeDirty();
  void MarkDirty(std::span<const uint64_t> keys);
  std::optional<base::Bytes> EncodeRow(uint64_t key) const;
  base::Result<void> LoadRow(uint64_t key, base::ByteView bytes);

  // Equal states, equal bytes, whatever order things happened in.
  base::Bytes Canonical() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wideberth::dss

#endif  // WIDEBERTH_DSS_STATE_H_
