#include "record/policy.h"

#include <algorithm>
#include <utility>

#include "record/spelling.h"

namespace wideberth::record {

using base::ErrorCode;
using base::Fail;
using base::Invalid;
using base::Result;

namespace {

constexpr std::string_view kNone = "none";

std::vector<std::string_view> Items(std::string_view line) {
  std::vector<std::string_view> items;
  while (true) {
    const size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return items;
    line.remove_prefix(begin);
    const size_t end = std::min(line.find_first_of(" \t"), line.size());
    items.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

bool HasControl(std::string_view line) {
  return std::any_of(line.begin(), line.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7F;
  });
}

}  // namespace

class Policy::Parser {
 public:
  Result<Policy> Run(std::string_view text) {
    if (text.size() > kPolicyFileBytesMax) {
      return Fail(ErrorCode::kTooLarge, "",
                  "must have at most " + std::to_string(kPolicyFileBytesMax) + " bytes",
                  std::to_string(text.size()) + " bytes");
    }
    for (size_t number = 1; !text.empty(); ++number) {
      const size_t end = text.find('\n');
      const std::string field = "line " + std::to_string(number);
      if (end == std::string_view::npos) {
        return Invalid(field, "must end in a newline", Shown(text));
      }
      auto read = ReadLine(text.substr(0, end));
      if (!read) {
        return Fail(
            std::move(read).error().Under(read.error().field.empty() ? field : field + ": "));
      }
      text.remove_prefix(end + 1);
    }
    if (!has_quorum_) return Invalid("", "must have a quorum line");
    return std::move(policy_);
  }

 private:
  Result<void> ReadLine(std::string_view line) {
    if (HasControl(line)) return Invalid("", "must have no control characters but tabs");
    const std::vector<std::string_view> items = Items(line);
    if (items.empty() || items[0].starts_with('#')) return {};
    if (items[0] == "log") return ReadLog(items);
    if (items[0] == "witness") return ReadWitness(items);
    if (items[0] == "group") return ReadGroup(items);
    if (items[0] == "quorum") return ReadQuorum(items);
    return Invalid("", "must begin with log, witness, group, quorum or #", Shown(items[0]));
  }

  static Result<VerifierKey> ReadKey(std::string_view vkey, KeyAlgorithm algorithm) {
    WB_ASSIGN_OR_RETURN(VerifierKey key, VerifierKey::Parse(vkey));
    if (key.algorithm() == algorithm) return key;
    return Invalid("vkey",
                   algorithm == KeyAlgorithm::kEd25519
                       ? "must be of algorithm 0x01 (Ed25519)"
                       : "must be of algorithm 0x04 (Ed25519 cosignature/v1)",
                   key.Format());
  }

  template <class Keyed>
  static Result<void> CheckUnused(const std::vector<Keyed>& others, const VerifierKey& key,
                                  size_t max) {
    for (const Keyed& other : others) {
      if (other.key.public_key() == key.public_key()) {
        return Invalid("vkey", "must be of another key than that of " + other.key.name(),
                       key.Format());
      }
    }
    if (others.size() < max) return {};
    return Fail(ErrorCode::kTooLarge, "", "must be at most " + std::to_string(max) + " of a kind");
  }

  Result<void> ReadLog(const std::vector<std::string_view>& items) {
    if (items.size() < 2 || items.size() > 3) {
      return Invalid("", "must be log, a vkey and perhaps a URL",
                     std::to_string(items.size()) + " items");
    }
    WB_ASSIGN_OR_RETURN(VerifierKey key, ReadKey(items[1], KeyAlgorithm::kEd25519));
    WB_RETURN_IF_ERROR(CheckUnused(policy_.logs_, key, kPolicyLogsMax));
    policy_.logs_.push_back({std::move(key), std::string(items.size() == 3 ? items[2] : "")});
    return {};
  }

  Result<void> CheckNewName(std::string_view name) const {
    if (name.size() > kPolicyNameBytesMax) {
      return Fail(ErrorCode::kTooLarge, "name",
                  "must have at most " + std::to_string(kPolicyNameBytesMax) + " bytes",
                  std::to_string(name.size()) + " bytes");
    }
    if (name == kNone || Find(name)) {
      return Invalid("name", "must not be none or a name defined above", Shown(name));
    }
    return {};
  }

  std::optional<size_t> Find(std::string_view name) const {
    const std::vector<Node>& nodes = policy_.nodes_;
    const auto found = std::find_if(nodes.begin(), nodes.end(),
                                    [&](const Node& node) { return node.name == name; });
    if (found == nodes.end()) return std::nullopt;
    return static_cast<size_t>(found - nodes.begin());
  }

  Result<void> ReadWitness(const std::vector<std::string_view>& items) {
    if (items.size() < 3 || items.size() > 4) {
      return Invalid("", "must be witness, a name, a vkey and perhaps a URL",
                     std::to_string(items.size()) + " items");
    }
    WB_RETURN_IF_ERROR(CheckNewName(items[1]));
    WB_ASSIGN_OR_RETURN(VerifierKey key, ReadKey(items[2], KeyAlgorithm::kCosignatureV1));
    WB_RETURN_IF_ERROR(CheckUnused(policy_.witnesses_, key, kPolicyWitnessesMax));
    Node node;
    node.name = items[1];
    node.witness = policy_.witnesses_.size();
    policy_.nodes_.push_back(std::move(node));
    policy_.witnesses_.push_back(
        {std::string(items[1]), std::move(key), std::string(items.size() == 4 ? items[3] : "")});
    return {};
  }

  Result<void> ReadGroup(const std::vector<std::string_view>& items) {
    if (items.size() < 4) {
      return Invalid("", "must be group, a name, how many, and the members",
                     std::to_string(items.size()) + " items");
    }
    WB_RETURN_IF_ERROR(CheckNewName(items[1]));
    if (policy_.nodes_.size() - policy_.witnesses_.size() == kPolicyGroupsMax) {
      return Fail(ErrorCode::kTooLarge, "",
                  "must be at most " + std::to_string(kPolicyGroupsMax) + " groups");
    }
    Node node;
    node.name = items[1];
    for (size_t i = 3; i < items.size(); ++i) {
      const auto member = Find(items[i]);
      if (!member || policy_.nodes_[*member].is_member) {
        return Invalid("member", "must be a name defined above and in no other group",
                       Shown(items[i]));
      }
      policy_.nodes_[*member].is_member = true;
      node.members.push_back(*member);
    }
    const auto threshold = items[2] == "all"   ? node.members.size()
                           : items[2] == "any" ? 1
                                               : ParseDecimal(items[2], node.members.size());
    if (threshold.value_or(0) == 0) {
      return Invalid("threshold", "must be all, any, or 1 to the number of members",
                     Shown(items[2]));
    }
    node.threshold = static_cast<size_t>(*threshold);
    policy_.nodes_.push_back(std::move(node));
    return {};
  }

  Result<void> ReadQuorum(const std::vector<std::string_view>& items) {
    if (items.size() != 2) return Invalid("", "must be quorum and a name");
    if (has_quorum_) return Invalid("", "must be the only quorum line");
    has_quorum_ = true;
    if (items[1] == kNone) return {};
    policy_.quorum_ = Find(items[1]);
    if (policy_.quorum_) return {};
    return Invalid("name", "must be none or a name defined above", Shown(items[1]));
  }

  Policy policy_;
  bool has_quorum_ = false;
};

Result<Policy> Policy::Parse(std::string_view text) {
  return Parser().Run(text);
}

Result<Policy> Policy::AllOf(const VerifierKey& log, const std::vector<VerifierKey>& witnesses) {
  std::string text = "log " + log.Format() + "\n";
  std::string members;
  for (size_t i = 0; i < witnesses.size(); ++i) {
    const std::string name = "w" + std::to_string(i + 1);
    text.append("witness ").append(name).append(" ").append(witnesses[i].Format()).append("\n");
    members.append(" ").append(name);
  }
  text.append(witnesses.empty() ? "quorum none\n" : "group g all" + members + "\nquorum g\n");
  return Parse(text);
}

std::string Policy::Format() const {
  std::string text;
  const auto with_url = [&](const std::string& url) {
    if (!url.empty()) text.append(" ").append(url);
    text.append("\n");
  };
  for (const Log& log : logs_) {
    text.append("log ").append(log.key.Format());
    with_url(log.url);
  }
  for (const Node& node : nodes_) {
    if (node.witness) {
      const Witness& witness = witnesses_[*node.witness];
      text.append("witness ").append(witness.name).append(" ").append(witness.key.Format());
      with_url(witness.url);
      continue;
    }
    text.append("group ").append(node.name).append(" ").append(std::to_string(node.threshold));
    for (const size_t member : node.members) text.append(" ").append(nodes_[member].name);
    text.append("\n");
  }
  text.append("quorum ").append(quorum_ ? nodes_[*quorum_].name : std::string(kNone)).append("\n");
  return text;
}

bool Policy::IsSatisfied(const std::vector<bool>& cosigned) const {
  if (!quorum_) return true;
  // Members stand before their groups, so one pass decides every node.
  std::vector<bool> holds(nodes_.size());
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    if (node.witness) {
      holds[i] = *node.witness < cosigned.size() && cosigned[*node.witness];
      continue;
    }
    const auto count = std::count_if(node.members.begin(), node.members.end(),
                                     [&](size_t member) { return holds[member]; });
    holds[i] = static_cast<size_t>(count) >= node.threshold;
  }
  return holds[*quorum_];
}

Result<std::optional<uint64_t>> Policy::QuorumTime(
    const std::vector<Cosignature>& cosignatures) const {
  std::vector<Cosignature> by_time = cosignatures;
  std::sort(by_time.begin(), by_time.end(),
            [](const Cosignature& a, const Cosignature& b) { return a.time_s < b.time_s; });
  std::vector<bool> cosigned(witnesses_.size());
  // Where the quorum needs nobody, one witness is better than none.
  for (const Cosignature& cosignature : by_time) {
    if (cosignature.cosigner >= cosigned.size()) continue;
    cosigned[cosignature.cosigner] = true;
    if (IsSatisfied(cosigned)) return std::optional<uint64_t>(cosignature.time_s);
  }
  if (IsSatisfied(cosigned)) return std::optional<uint64_t>();
  return Fail(
      ErrorCode::kForbidden, "cosignatures", "must satisfy the quorum of the policy",
      std::to_string(by_time.size()) + " of " + std::to_string(witnesses_.size()) + " witnesses");
}

}  // namespace wideberth::record
