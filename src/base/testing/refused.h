// How a test says which refusal it wants.
#ifndef WIDEBERTH_BASE_TESTING_REFUSED_H_
#define WIDEBERTH_BASE_TESTING_REFUSED_H_

#include <gtest/gtest.h>

#include <string_view>

#include "base/result.h"

namespace wideberth::base::testing {

// The result is an error of this code, for this field, that names a rule.
template <typename T>
void ExpectRefused(const Result<T>& result, ErrorCode code, std::string_view field) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, code) << result.error().ToString();
  EXPECT_EQ(result.error().field, field) << result.error().ToString();
  EXPECT_FALSE(result.error().rule.empty()) << result.error().ToString();
}

}  // namespace wideberth::base::testing

#endif  // WIDEBERTH_BASE_TESTING_REFUSED_H_
