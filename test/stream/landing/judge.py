"""Reads events and the lines that were made of them; prints what is wrong with the lines, by its own reading of JSON."""
import base64, hashlib, json, sys
from datetime import datetime, timezone
from decimal import Decimal


def forbidden(name):
    raise ValueError(name)


def load(text):
    return json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=forbidden)


def text_of(data):
    """What the line must have for bytes: null, a text, or base64."""
    if data is None:
        return None
    data = base64.b64decode(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is None or "\0" in text:
        return {"base64": base64.b64encode(data).decode()}
    return text


def payload_of(data):
    """(is JSON, value)"""
    try:
        return True, load(data.decode("utf-8"))
    except ValueError:
        return False, None


def check(event, line):
    raw = base64.b64decode(line)
    if b"\n" in raw or b"\r" in raw:
        return "a line end in the line"
    got = load(raw.decode("utf-8"))
    when = datetime.fromtimestamp(event["timestampMs"] / 1000, timezone.utc)
    want = {
        "cluster": event["cluster"],
        "topicId": event["topicId"],
        "topic": event["topic"],
        "partition": Decimal(event["partition"]),
        "offset": Decimal(event["offset"]),
        "timestamp": when.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (event["timestampMs"] % 1000),
        "key": text_of(event["key"]),
    }
    headers = {}
    for name, value in event["headers"]:
        headers.setdefault(name, []).append(text_of(value))
    want["headers"] = {name: values[0] if len(values) == 1 else values for name, values in headers.items()}
    if event["value"] is None:
        want["value"] = None
    else:
        data = base64.b64decode(event["value"])
        is_json, value = payload_of(data)
        if is_json:
            want["value"] = value
            if data not in raw and b"\n" not in data and b"\r" not in data:
                return "the value is not as it came"
        else:
            want["valueBase64"] = base64.b64encode(data).decode()
    return None if got == want else "want %r, got %r" % (want, got)


def evidence_id(place):
    digest = hashlib.sha256()
    for part in place:
        data = str(part).encode("utf-8")
        digest.update(b"%d:%s" % (len(data), data))
    return "evd-" + base64.b32encode(digest.digest()[:20]).decode().lower()


def main():
    asked = json.load(sys.stdin)
    json.dump(
        {
            "lines": [check(event, line) for event, line in asked.get("lines", [])],
            "ids": [evidence_id(place) for place in asked.get("ids", [])],
        },
        sys.stdout,
    )


sys.setrecursionlimit(100000)
main()
