// The certificates that two nodes show each other: nothing but an Ed25519 key in the clothes that TLS asks for.
//
// A node makes its certificate anew at every start, signs it with its transport key, and keeps it nowhere. Whoever
// reads one looks at the key alone: names, dates, extensions and chains mean nothing here.
//
// Thread-safe.
#ifndef WIDEBERTH_LINK_CERTIFICATE_H_
#define WIDEBERTH_LINK_CERTIFICATE_H_

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/ed25519.h"

namespace wideberth::link {

// A self-signed X.509 certificate of the key, PEM.
std::string MakeCertificate(const crypto::SecretKey& key);

// The key of a certificate in DER. Refuses with kInvalid what is no certificate, has no Ed25519 key that
// crypto::PublicKey would take, or is not signed by that key.
base::Result<crypto::PublicKey> KeyOfCertificate(base::ByteView der);

}  // namespace wideberth::link

#endif  // WIDEBERTH_LINK_CERTIFICATE_H_
