"""Writes encodings.json: what Python's codecs and iconv read in bytes, which must agree. python3 test/oracle/encodings.py"""

import json
import pathlib
import subprocess


def by_iconv(name: str, raw: bytes) -> str | None:
    done = subprocess.run(["iconv", "-f", name, "-t", "UTF-8"], input=raw, capture_output=True)
    return done.stdout.decode("utf-8") if done.returncode == 0 else None


def by_python(name: str, raw: bytes) -> str | None:
    try:
        return raw.decode(name)
    except UnicodeDecodeError:
        return None


def both(python: str, iconv: str, raw: bytes) -> str | None:
    one, other = by_python(python, raw), by_iconv(iconv, raw)
    assert one == other, (python, raw, one, other)
    return one


def every_byte(python: str, iconv: str) -> list[str | None]:
    return [both(python, iconv, bytes([byte])) for byte in range(256)]


UNITS = ["0041", "0000", "feff", "fffe", "4e00", "d83dde00", "d83d", "de00", "de00d83d", "d83d0041", "dbffdfff", "fffd"]
PAIRS = [one + other for one in ["", "0061"] for other in UNITS]


def utf16(name: str, text: str) -> dict[str, str | None]:
    raw = bytes.fromhex(text)
    if name == "utf-16le":
        raw = b"".join(raw[n : n + 2][::-1] for n in range(0, len(raw), 2))
    return {"encoding": name, "hex": raw.hex(), "text": both(name, name.upper(), raw)}


found = {
    "windows-1252": every_byte("cp1252", "CP1252"),
    "iso-8859-1": every_byte("latin-1", "ISO-8859-1"),
    "utf-16": [utf16(name, text) for name in ("utf-16le", "utf-16be") for text in PAIRS]
    + [{"encoding": "utf-16le", "hex": text, "text": both("utf-16le", "UTF-16LE", bytes.fromhex(text))} for text in ("41", "410042")],
}
target = pathlib.Path(__file__).with_name("encodings.json")
target.write_text(json.dumps(found, indent=1, ensure_ascii=True) + "\n")
