// R1, the machine's receipt: "these messages are stored here". It is itself a message, signed and an entry of the log
// of the one who gives it, and is never receipted. A message whose type, major version or critical field the receiver
// does not know is receipted all the same, and named as not understood; it will get no read-back.
//
// Body of "receipt.v1": {"stored": [hex, ...], "not_understood": [hex, ...]}; every digest of the second list stands in
// the first. Pure.
#ifndef WIDEBERTH_LINE_RECEIPT_H_
#define WIDEBERTH_LINE_RECEIPT_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace wideberth::line {

inline constexpr std::string_view kReceiptType = "receipt";

struct Receipt {
  std::vector<base::Digest> stored;  // 1 to limits::kReceiptEntriesMax
  std::vector<base::Digest> not_understood;
  bool operator==(const Receipt&) const = default;
};

std::string WriteReceipt(const Receipt& receipt);
base::Result<Receipt> ReadReceipt(std::string_view body);

}  // namespace wideberth::line

#endif  // WIDEBERTH_LINE_RECEIPT_H_
