// Whose word is enough (C2SP tlog-policy): the logs, the witnesses, and which of the witnesses must have cosigned.
//
//   log <vkey>
//   witness south <vkey>
//   witness neutral <vkey> https://witness.example/
//   group both all south neutral
//   quorum both
//
// A policy is the verifier's own file: it comes from people who exchanged keys, never from whoever shows a proof.
#ifndef WIDEBERTH_RECORD_POLICY_H_
#define WIDEBERTH_RECORD_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "record/checkpoint.h"
#include "record/signed_note.h"

namespace wideberth::record {

inline constexpr size_t kPolicyFileBytesMax = 256 * 1024;
inline constexpr size_t kPolicyLogsMax = 64;
inline constexpr size_t kPolicyWitnessesMax = 64;
inline constexpr size_t kPolicyGroupsMax = 256;
inline constexpr size_t kPolicyNameBytesMax = 255;

class Policy {
 public:
  struct Log {
    VerifierKey key;  // its name is the origin
    std::string url;  // empty when none is given
    bool operator==(const Log&) const = default;
  };
  struct Witness {
    std::string name;  // inside the policy; the key has its own
    VerifierKey key;
    std::string url;
    bool operator==(const Witness&) const = default;
  };

  // Reads a file by the format's rules: items between spaces and tabs, empty lines and lines that begin with # passed
  // over. Refuses ("line N") unknown words, names defined twice or used before they are, a name as member of two
  // groups, one key for two logs or witnesses, keys of the wrong algorithm, control characters, no or a second quorum,
  // and what exceeds the limits above.
  static base::Result<Policy> Parse(std::string_view text);

  // "log L, witness W..., quorum all of them": what two parties of a line begin with. Refuses what Parse refuses.
  static base::Result<Policy> AllOf(const VerifierKey& log,
                                    const std::vector<VerifierKey>& witnesses);

  // One line each, single spaces; Parse reads it back as an equal policy.
  std::string Format() const;

  const std::vector<Log>& logs() const { return logs_; }
  const std::vector<Witness>& witnesses() const { return witnesses_; }

  // Whether the quorum holds when exactly the witnesses with true have cosigned.
  bool IsSatisfied(const std::vector<bool>& cosigned) const;
  // The earliest time by which enough had cosigned; nullopt when the quorum needs nobody and nobody did. Refuses with
  // kForbidden when it does not hold. Cosignature::cosigner counts in witnesses().
  base::Result<std::optional<uint64_t>> QuorumTime(
      const std::vector<Cosignature>& cosignatures) const;

  bool operator==(const Policy&) const = default;

 private:
  // A witness is a member by its own; a group by k of its members. Members stand before their group.
  struct Node {
    std::string name;
    std::optional<size_t> witness;
    size_t threshold = 0;
    std::vector<size_t> members;  // in nodes_
    bool is_member = false;       // of a group; a name is of one at most
    bool operator==(const Node&) const = default;
  };
  class Parser;

  Policy() = default;

  std::vector<Log> logs_;
  std::vector<Witness> witnesses_;
  std::vector<Node> nodes_;
  std::optional<size_t> quorum_;  // in nodes_; nullopt: none
};

}  // namespace wideberth::record

#endif  // WIDEBERTH_RECORD_POLICY_H_
