"""Looks for values in every file below some folders, in every way in which they may be written. Prints what it finds as JSON.

Usage: judge.py VALUES FOLDER…, where VALUES is a file with one value a line. It shares no code with Assay. Parquet is not
unpacked here: give it as JSON.
"""
import base64, gzip, hashlib, json, os, re, sys, urllib.parse, zlib


def ways(value):
    utf8 = value.encode()
    yield "utf-8", utf8
    yield "utf-8 in small letters", value.lower().encode()
    yield "utf-16le", value.encode("utf-16-le")
    yield "utf-16be", value.encode("utf-16-be")
    if all(ord(one) < 256 for one in value):
        yield "latin-1", value.encode("latin-1")
    yield "hex", utf8.hex().encode()
    yield "HEX", utf8.hex().upper().encode()
    for offset in range(3):
        # Only what the value alone decides: neither its first nor its last digits, where others stand beside it.
        digits = base64.b64encode(b"\0" * offset + utf8)
        start, end = (offset * 8 + 5) // 6, (offset + len(utf8)) * 8 // 6
        yield f"base64 at {offset}", digits[start:end]
        yield f"base64url at {offset}", digits[start:end].translate(bytes.maketrans(b"+/", b"-_"))
    yield "url", urllib.parse.quote(value, safe="").encode()
    yield "json", json.dumps(value)[1:-1].encode()
    for name in ["md5", "sha1", "sha256", "sha512", "blake2b"]:
        digest = hashlib.new(name, utf8).digest()
        yield name, digest
        yield name + " hex", digest.hex().encode()[:24]
        yield name + " base64", base64.b64encode(digest)[:24]


def unpacked(data):
    yield data
    if data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    if data[:4] == b"Obj\x01":
        for found in re.finditer(rb"", data):
            try:
                block = zlib.decompressobj(-15).decompress(data[found.start():])
                if len(block) > 16:
                    yield block
            except zlib.error:
                pass


values = [line for line in open(sys.argv[1], encoding="utf-8").read().split("\n") if line]
needles = [(value, way, needle) for value in values for way, needle in ways(value)]
found, files = [], 0
for folder in sys.argv[2:]:
    for at, _, names in os.walk(folder):
        for name in names:
            files += 1
            path = os.path.join(at, name)
            for data in [*unpacked(open(path, "rb").read()), name.encode()]:
                found += [[path, value, way] for value, way, needle in needles if needle in data]
print(json.dumps({"files": files, "found": found}))
