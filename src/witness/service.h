// A neutral witness as a service: C2SP tlog-witness over HTTP, and nothing else.
//
//   POST /add-checkpoint             200 cosignature lines; 400 malformed; 403 not signed by the log; 404 no such
//                                    log here; 409 and the size cosigned last; 422 unproven; 500 the disk refused
//   GET  /checkpoint?origin=ORIGIN   the last checkpoint cosigned, with the cosignature: what several witnesses saw is
//                                    compared by these (an addition to the standard)
//   GET  /healthy                    204
//
// Its configuration is one TOML file:
//
//   key                        default      limit
//   name                       (required)   255 bytes: of the key, as the policies have it
//   keys                       (required)   folder made by `wideberth witness init`
//   passphrase_file            (none: the key is in the clear)
//   [[log]] vkey               (required)   at most 1024 logs
//   listen.address             127.0.0.1    an IP address
//   listen.port                8473         0 .. 65535; 0 picks one
//   listen.tls_certificate     (none: plain HTTP, loopback only)
//   listen.tls_key             (none)
//
// It learns the sizes, roots and times of the logs that ask it, and no entry. It needs no token: only the log's own key
// can have anything cosigned.
#ifndef WIDEBERTH_WITNESS_SERVICE_H_
#define WIDEBERTH_WITNESS_SERVICE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/config_parts.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/secret.h"
#include "net/router.h"
#include "net/server.h"
#include "record/signed_note.h"
#include "witness/ledger.h"

namespace wideberth::witness {

struct WitnessConfig {
  std::string name;
  std::string keys_folder;
  std::string passphrase_file;
  std::vector<record::VerifierKey> logs;
  base::ListenConfig listen;
};
// Refusals name the file, the key path and the line.
base::Result<WitnessConfig> LoadWitnessConfig(const std::string& path);

// Makes the folder with a key and an empty ledger, once and together. Refuses with kConflict one that is there.
base::Result<record::VerifierKey> MakeWitness(const std::string& folder, std::string_view name,
                                              const std::optional<crypto::SecretBytes>& passphrase);

class Service {
 public:
  static base::Result<std::unique_ptr<Service>> Start(const WitnessConfig& config,
                                                      const base::Clock& clock);
  ~Service();
  void Stop();
  uint16_t port() const { return http_->port(); }
  const record::VerifierKey& key() const { return ledger_->key(); }

 private:
  explicit Service(const base::Clock& clock) : clock_(clock) {}
  void AddRoutes();

  const base::Clock& clock_;
  std::unique_ptr<Ledger> ledger_;
  net::Router router_;
  std::unique_ptr<net::HttpServer> http_;
};

}  // namespace wideberth::witness

#endif  // WIDEBERTH_WITNESS_SERVICE_H_
