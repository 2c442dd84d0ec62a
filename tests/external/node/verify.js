// Checks an exported log (../export_log.cc) with @sigstore/verify: the checkpoint under the pinned key of the log, the
// proof files, and every envelope under the pinned key of its writer. Exits 1 and says why at the first thing that does
// not hold.
//
//   node verify.js FOLDER MODULES      MODULES: the node_modules folder that `npm ci` made of package-lock.json
"use strict";

const fs = require("fs");
const path = require("path");

const [folder, modules] = process.argv.slice(2);
const sigstore = (file) => require(path.join(path.resolve(modules), "@sigstore", file));
const { verifyCheckpoint } = sigstore("verify/dist/tlog/checkpoint.js");
const { verifyMerkleInclusion } = sigstore("verify/dist/tlog/merkle.js");
const { DSSESignatureContent } = sigstore("verify/dist/bundle/dsse.js");
const { crypto } = sigstore("core/dist/index.js");

const read = (...parts) => fs.readFileSync(path.join(folder, ...parts));

function refuse(why) {
  process.stderr.write(`refused: ${why}\n`);
  process.exit(1);
}

// The log of the policy as the package wants it: its key id, its name, its key.
function pinnedLog() {
  const vkey = /^log (.*)$/m.exec(read("policy").toString())[1];
  const [name, id, ...rest] = vkey.split("+");
  const key = Buffer.from(rest.join("+"), "base64").subarray(1);
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
  return { logID: Buffer.from(id, "hex"), baseURL: name, publicKey: crypto.createPublicKey(spki) };
}

// The entries, by the lengths before them.
function entries() {
  const all = [];
  const bundles = [];
  const walk = (place) => {
    for (const found of fs.readdirSync(path.join(folder, place), { withFileTypes: true })) {
      const inner = `${place}/${found.name}`;
      if (found.isDirectory()) walk(inner);
      else bundles.push(inner);
    }
  };
  walk("tile/entries");
  for (const bundle of bundles.sort()) {
    let data = read(bundle);
    while (data.length > 0) {
      const size = 2 + data.readUInt16BE(0);
      if (data.length < size) refuse(`${bundle} ends within an entry`);
      all.push(data.subarray(2, size));
      data = data.subarray(size);
    }
  }
  return all;
}

function checkEnvelope(bytes, key, index) {
  const json = JSON.parse(bytes.toString());
  const envelope = {
    payload: Buffer.from(json.payload, "base64"),
    payloadType: json.payloadType,
    signatures: json.signatures.map((each) => ({ ...each, sig: Buffer.from(each.sig, "base64") })),
  };
  if (!new DSSESignatureContent(envelope).verifySignature(key)) refuse(`envelope ${index}`);
  if (JSON.parse(envelope.payload.toString()).seq !== index + 1) refuse(`sequence at ${index}`);
}

function checkProof(text, tlog, all) {
  const [head] = text.split("\n\n", 1);
  const [first, index, ...hashes] = head.split("\n");
  if (first !== "c2sp.org/tlog-proof@v1") refuse("malformed proof");
  const logIndex = /^index (\d+)$/.exec(index)[1];
  const entry = {
    canonicalizedBody: all[Number(logIndex)],
    inclusionProof: {
      logIndex,
      hashes: hashes.map((hash) => Buffer.from(hash, "base64")),
      checkpoint: { envelope: text.slice(head.length + 2) },
    },
  };
  verifyMerkleInclusion(entry, verifyCheckpoint(entry, [tlog]));
}

try {
  const tlog = pinnedLog();
  const all = entries();
  const key = crypto.createPublicKey(read("message.pem").toString());
  all.forEach((bytes, index) => checkEnvelope(bytes, key, index));
  const checkpoint = { inclusionProof: { checkpoint: { envelope: read("checkpoint").toString() } } };
  const { logSize } = verifyCheckpoint(checkpoint, [tlog]);
  if (logSize !== BigInt(all.length)) refuse(`${all.length} entries in a log of ${logSize}`);
  const proofs = fs.readdirSync(path.join(folder, "proofs"));
  if (proofs.length === 0) refuse("no proofs");
  for (const name of proofs) checkProof(read("proofs", name).toString(), tlog, all);
  process.stdout.write(`verified ${all.length} envelopes and ${proofs.length} proofs\n`);
} catch (error) {
  refuse(error.message);
}
