"""Envelopes and indexes as the format in etl/privacy/seal-value.ts says, made by Python's own parts (hashlib, hmac, base64) and by
the package `cryptography` (OpenSSL): shares no code with Assay or libsodium. `python3 make.py > vectors.json`."""

import base64
import hashlib
import hmac
import json
import random
import unicodedata

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

rng = random.Random(15)


def some_bytes(n):
    return bytes(rng.randrange(256) for _ in range(n))


def base32(data):
    return base64.b32encode(data).decode().rstrip("=").lower()


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def leb128(n):
    out = bytearray()
    while n >= 128:
        out.append(n % 128 + 128)
        n //= 128
    out.append(n)
    return bytes(out)


def envelope(subject_key, period_key, column, subject, period, value):
    keys = HKDF(hashes.SHA512(), 64, None, f"~1.{column}.value".encode()).derive(subject_key + period_key)
    header = f"~1.{column}.{subject}.{period}."
    raw = value.encode("utf-8")
    text = leb128(len(raw)) + raw
    text += bytes(-len(text) % 16)
    nonce = hashlib.blake2b(header.encode() + text, key=keys[:32], digest_size=16).digest()[:12]
    sealed = ChaCha20Poly1305(keys[32:]).encrypt(nonce, text, header.encode())
    return header + base64url(nonce + sealed)


VALUES = ["", "x", "Jane Doe", "15 characters..", "14 characters.", "jane.doe@example.org", "€ Ünïcödé 名前 🦄",
          "a\tb\r\nc\"d", "z" * 126, "z" * 127, "z" * 128, "long " * 20000, "\u0000nul"]

envelopes = []
for value in VALUES:
    column, subject, period = base32(some_bytes(5)), base32(some_bytes(16)), f"20{rng.randrange(10, 99)}{rng.randrange(1, 13):02}"
    subject_key, period_key = some_bytes(32), some_bytes(32)
    made = envelope(subject_key, period_key, column, subject, period, value)
    long = len(value) > 1000
    envelopes.append({
        "subjectKey": subject_key.hex(), "periodKey": period_key.hex(), "column": column, "subject": subject,
        "period": period,
        "value": {"repeat": value[:5], "times": len(value) // 5} if long else value,
        "envelope": {"sha256": hashlib.sha256(made.encode()).hexdigest()} if long else made,
    })

indexes = []
for kind, subject_id in [("customer", "123"), ("customer", ""), ("custom", "er123"), ("employé", unicodedata.normalize("NFC", "Zoë")), ("k" * 300, "1")]:
    pepper = some_bytes(32)
    name = kind.encode()
    text = len(name).to_bytes(2, "big") + name + subject_id.encode()
    indexes.append({"pepper": pepper.hex(), "kind": kind, "id": subject_id, "index": hmac.new(pepper, text, "sha256").hexdigest()})

print(json.dumps({"envelopes": envelopes, "indexes": indexes}, indent=2, ensure_ascii=True))
