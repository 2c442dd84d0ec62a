// The configuration of a node: one TOML file, every key with its unit, default and limit; unknown
// keys are errors.
//
//   key                        unit   default                            limit
//   store.directory                   (required)                         4096 bytes
//   store.disk_free_min_mib    MiB    256                                1 .. 1048576
//   store.projection_period_s  s      2                                  1 .. 3600
//   rules_file                        (required in pool mode)            4096 bytes
//   geoid_file                        /usr/share/proj/egm96_15.gtx       4096 bytes; "" for none
//   listen.address                    127.0.0.1                          an IP address
//   listen.port                       8471                               0 .. 65535; 0 picks one
//   listen.threads                    2                                  1 .. 64
//   listen.tls_certificate            (none: plain HTTP, loopback only)  PEM file
//   listen.tls_key                    (none)                             PEM file
//   auth.issuer                       (required)                         256 bytes
//   auth.audience                     (required)                         256 bytes
//   auth.key_files                    []                                 64 PEM files of public keys
//   auth.jwks_file                    (none)                             JWKS file
//   dss.enabled                       false                              serves F3548-21 and F3411 beside /v1
//   dss.issuers                       (required)                         16 of 256 bytes: of the providers' tokens
//   dss.audiences                     (required)                         16 of 256 bytes
//   dss.key_files                     []                                 64 PEM files of public keys
//   dss.jwks_file                     (none)                             JWKS file
//   dss.jwks_url                      (none)                             https URL of a JWKS, fetched every minute
//   dss.jwks_ca_file                  (the system's)                     PEM file: who may vouch for that server
//   dss.locality                      wideberth                          256 bytes; this node in its pool
//   dss.public_endpoint               (none)                             2048 bytes; where providers reach it
//   dss.dar_id                        wideberth                          256 bytes; the pool's
//   dss.http_base_urls                false                              providers may be reached in the clear
//   dss.exact_circles                 false                              all cells of a circle, not of its 20-gon
//   dss.altitude_in_notifications     false                              subscriptions hear of their altitudes alone
//   dss.time_based_notification_index false                              milliseconds since midnight, not a count
//   dss.retention_h                   h      2688                        1 .. 87600; kept so long after the end
//   dss.log.key_file                  (none: no log is kept)             PEM file of an Ed25519 key, mode 0600
//   dss.log.origin                    (required with key_file)           255 bytes; the log's name, for ever
//   dss.log.public                    false                              the log is shown without a token
//   pool.url                          (none: the DSS is in the store)    PostgreSQL as libpq reads it, no password
//   pool.password_file                (none)                             4096 bytes; its first line
//   pool.writers                      4                                  1 .. 32; connections that accept
//   log.level                         info                               debug, info, warn, error
//   log.form                          auto                               auto, json, people
//
// In line mode (this node is one side of lines) also
//
//   agreement_file                    (none)                             4096 bytes; as [[peer]] agreements, of the
//                                                                        peer who signed it
//   party.keys                        (none: pool mode)                  folder made by `wideberth keygen`
//   party.passphrase_file             (none: keys in the clear)          4096 bytes, mode 0600
//   line.listen_address               (none: peers are only dialled)     an IP address
//   line.listen_port                  8472                               0 .. 65535; 0 picks one
//   [[peer]] card                     (required)                         party card that the peer gave us
//   [[peer]] agreements               []                                 signed agreements with the peer, at most 100
//   [[peer.path]] name                (required)                         [a-z0-9-]{1,32}; the same on both sides
//   [[peer.path]] connect             (none: the peer dials)             host:port
//   [[peer.witness]] vkey             (required)                         1024 bytes: who cosigns our log of this line
//   [[peer.witness]] url              (required)                         2048 bytes; add-checkpoint is below it
//
// In line mode rules_file may be given in place of all agreements: then it holds on every line, always. Without it the
// agreements decide, by line and by time (agreement/in_force.h), and the safety floor where none is in force.
//
// Paths are taken from the folder of the file. Plain HTTP is refused on any address that is not
// loopback.
#ifndef WIDEBERTH_SERVICE_CONFIG_H_
#define WIDEBERTH_SERVICE_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"

namespace wideberth::service {

struct PathOfPeer {
  std::string name;
  std::string connect;  // empty: the peer dials us
};
struct WitnessOfPeer {
  std::string vkey;
  std::string url;
};
struct PeerConfig {
  std::string card_file;
  std::vector<PathOfPeer> paths;
  std::vector<std::string> agreement_files;
  std::vector<WitnessOfPeer> witnesses;  // at most 8
};
struct LineConfig {
  std::string keys_folder;
  std::string passphrase_file;  // empty: the keys are PEM files in the clear
  std::string listen_address;   // empty: nobody dials us
  uint16_t listen_port = 0;
  std::vector<PeerConfig> peers;
};

// The transparency log of the DSS.
struct DssLogConfig {
  std::string key_file;
  std::string origin;
  bool is_public = false;
};

struct DssConfig {
  std::vector<std::string> issuers;
  std::vector<std::string> audiences;
  std::vector<std::string> key_files;
  std::string jwks_file;
  std::string jwks_url;      // empty: files alone
  std::string jwks_ca_file;  // empty: the system's certificates
  std::string locality;
  std::string public_endpoint;
  std::string dar_id;
  bool http_base_urls = false;
  bool exact_circles = false;
  bool altitude_in_notifications = false;
  bool time_based_notification_index = false;
  int64_t retention_us = 0;
  std::optional<DssLogConfig> log;  // absent: none is kept
};

// The database that the nodes of a pool share.
struct PoolConfig {
  std::string url;
  std::string password_file;  // may be empty
  int writers = 4;
};

struct NodeConfig {
  std::string store_directory;
  int64_t disk_free_bytes_min = 0;
  int64_t projection_period_us = 0;
  std::string rules_file;  // empty: the agreements of each line hold
  std::string geoid_file;  // empty: heights above the sea have the Earth's extremes as their error

  std::string listen_address;
  uint16_t listen_port = 0;
  int listen_threads = 2;
  std::string tls_certificate;  // empty: plain HTTP
  std::string tls_key;

  std::string auth_issuer;
  std::string auth_audience;
  std::vector<std::string> auth_key_files;
  std::string auth_jwks_file;

  std::string agreement_file;      // of one of the peers; or empty
  std::optional<LineConfig> line;  // absent: pool mode
  std::optional<DssConfig> dss;    // absent: none is served
  std::optional<PoolConfig> pool;  // absent: the DSS is in this node's store

  base::LogOptions log;
};

// Refusals name the file, the key path and the line.
base::Result<NodeConfig> LoadNodeConfig(const std::string& path);

}  // namespace wideberth::service

#endif  // WIDEBERTH_SERVICE_CONFIG_H_
