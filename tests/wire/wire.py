"""What capture.cc has kept, taken apart and searched.

Messages travel as base64 inside JSON inside base64, in WebSocket frames that a client masks: the frames are unmasked,
and whatever looks like base64 is decoded, again and again, and searched too.
"""

import base64
import binascii
import os
import re

BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")


def layers(data, depth=4):
    """The bytes, and everything that is base64 in them, to four layers."""
    yield data
    if depth == 0:
        return
    for match in BASE64.finditer(data):
        text = match.group().rstrip(b"=")
        try:
            inner = base64.b64decode(text + b"=" * (-len(text) % 4))
        except binascii.Error:
            continue
        yield from layers(inner, depth - 1)


def unmasked(payload, mask):
    """By RFC 6455, 5.3."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def frames(stream):
    """The HTTP head of a WebSocket's stream, then the payload of each of its frames; the last may be cut short."""
    head, ending, rest = stream.partition(b"\r\n\r\n")
    yield head
    assert ending and (head.startswith(b"GET ") or head.startswith(b"HTTP/1.1 101 ")), head[:80]
    at = 0
    while at + 2 <= len(rest):
        size, masked = rest[at + 1] & 0x7F, rest[at + 1] & 0x80
        at += 2
        wide = {126: 2, 127: 8}.get(size, 0)
        if wide:
            size = int.from_bytes(rest[at:at + wide], "big")
            at += wide
        mask = b""
        if masked:
            mask = rest[at:at + 4]
            at += 4
        payload = rest[at:at + size]
        at += size
        yield unmasked(payload, mask) if masked else payload


class Capture:
    """Everything that the nodes of a folder let out."""

    def __init__(self, folder):
        self.raw = {}     # by "tls" or "socket.PORT", as it was handed over
        self.framed = {}  # by the key at the other end, in hex: what is in the frames
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            kind, _, rest = name.split(".", 1)[1].partition(".")
            if kind == "stream":
                key = rest.split(".")[0]
                self.framed[key] = self.framed.get(key, b"") + b"\n".join(frames(data)) + b"\n"
            else:
                name = kind + ("." + rest if rest else "")
                self.raw[name] = self.raw.get(name, b"") + data


class Searched:
    """Bytes with all that is base64 in them, each layer once."""

    def __init__(self, *pieces):
        self.layers = list({layer for piece in pieces for layer in layers(piece)})

    def holds(self, needle):
        return any(needle in layer for layer in self.layers)
