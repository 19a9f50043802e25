"""Writes files that hold values in all the ways in which `privacy verify` is to find them, each in a file of its own.

Usage: planted.py FOLDER. The names say which value, and how it is written. Nothing here shares code with Assay.
"""
import base64, gzip, hashlib, html, io, json, os, sys, tarfile, urllib.parse, zipfile

folder = sys.argv[1]
PLAIN, WORDS = "planted-token-0001", "Zoë Pflänzchen/Øre & \"Söhne\""


def put(name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def zipped(name, data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("readme.txt", b"nothing")
        packed.writestr(name, data)
    return out.getvalue()


for number, value in [("1", PLAIN), ("2", WORDS)]:
    utf8 = value.encode()
    put(f"{number} utf8", b"x" * 70000 + utf8 + b"y")
    put(f"{number} utf16le", b"\xff\xfe" + ("a" + value).encode("utf-16-le"))
    put(f"{number} utf16be", ("a" + value).encode("utf-16-be"))
    put(f"{number} latin1", b"<" + value.encode("latin-1") + b">")
    put(f"{number} hex", b"00" + utf8.hex().encode())
    put(f"{number} HEX", b"0" + utf8.hex().upper().encode())
    for offset in range(3):
        put(f"{number} base64 {offset}", base64.b64encode(b"q" * offset + utf8 + b"zz"))
        put(f"{number} base64url {offset}", base64.urlsafe_b64encode(b"\xfb" * offset + utf8))
    put(f"{number} url", urllib.parse.quote(value, safe="").encode())
    put(f"{number} form", urllib.parse.quote_plus(value).encode())
    put(f"{number} json", json.dumps({"v": value}).encode())
    put(f"{number} json utf8", json.dumps({"v": value}, ensure_ascii=False).encode())
    put(f"{number} html", html.escape(value).encode())
    put(f"{number} csv", ('"' + value.replace('"', '""') + '"').encode())
    put(f"{number} lower", value.lower().encode())
    for name in ["md5", "sha1", "sha256", "sha512"]:
        put(f"{number} {name} hex", b"digest: " + hashlib.new(name, utf8).hexdigest().encode())
        put(f"{number} {name} raw", b"\0\1" + hashlib.new(name, utf8).digest())
    put(f"{number} sha256 base64", base64.b64encode(hashlib.sha256(utf8).digest()))
    put(f"{number} sha256 cut", hashlib.sha256(utf8).hexdigest()[:16].encode())
    put(f"{number} gzip", gzip.compress(b"head" + utf8) + gzip.compress(b"second"))
    put(f"{number} gzip twice", gzip.compress(b"first") + gzip.compress(b"head" + utf8))
    put(f"{number} zip", zipped("a.csv", utf8))
    put(f"{number} gzip in zip in zip", zipped("b.zip", zipped("a.csv.gz", gzip.compress(utf8))))
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as packed:
        info = tarfile.TarInfo("a.csv")
        info.size = len(utf8)
        packed.addfile(info, io.BytesIO(utf8))
    put(f"{number} tar.gz", tar.getvalue())

put("0 other", b"planted-token-0002 Zo\xc3\xab " + hashlib.sha256(b"planted-token-0002").digest())
put("0 cut short", PLAIN.encode()[:-1])
put("0 gzip", gzip.compress(b"nothing to be found" * 1000))
put("0 empty", b"")
put("9 damaged gzip", gzip.compress(os.urandom(5000))[:-600])
put("9 bzip2", b"BZh91AY&SY" + os.urandom(100))
