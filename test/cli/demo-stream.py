"""What the example's events must become, by the rules that its contract states in words; and what a lake has of them.

Reads JSON: {"events": path, "lake": path}. Answers JSON: {"silver": [...], "evidence": {offset: [result, reasons]}, "bronze": [offsets], "again": [places that differ from the event as it came]}.
"""

import json
import pathlib
import re
import sys
from decimal import Decimal

asked = json.load(sys.stdin)


def lines(path):
    return [json.loads(line, parse_float=Decimal) for line in pathlib.Path(path).read_text().splitlines()]


def good(event):
    value = event.get("value")
    if not isinstance(value, dict) or value["type"] != "orders.order.created":
        return None
    data = value["data"]
    if not data.get("customer_id") or not re.fullmatch("o-[0-9]+", data.get("order_id", "")):
        return None
    if data["currency"] not in ("EUR", "GBP") or data["total"] < 0:
        return None
    return [data["order_id"], data["customer_id"], data["currency"], f"{data['total']:.2f}"]


evidence, bronze = {}, []
for file in sorted(pathlib.Path(asked["lake"]).rglob("*.jsonl")):
    place = file.relative_to(asked["lake"]).as_posix()
    if place.startswith("ops/evidence/"):
        for one in lines(file):
            told = evidence.setdefault(str(one["source"]["offset"]), [])
            told.append([one["validation"]["result"], one["validation"]["reason_codes"]])
    elif place.startswith(("bronze/", "ops/streams/apart/")):
        bronze += [one["offset"] for one in lines(file)]
events = lines(asked["events"])


def flat(value, at=""):
    if isinstance(value, dict):
        return {place: leaf for name in value for place, leaf in flat(value[name], f"{at}/{name}").items()}
    return {at: str(value)}


again = []
for sent in lines(f"{asked['lake']}-again.jsonl"):
    [came] = [flat(one) for one in events if one["key"] == sent["key"] and one["offset"] == 99817265]
    now = flat(sent)
    again.append({place: now.get(place) for place in came.keys() | now.keys() if came.get(place) != now.get(place)})
passed = [one for one in map(good, events) if one]
json.dump(
    {
        "silver": sorted(passed),
        "passed": sorted(str(event["offset"]) for event in events if good(event)),
        "offsets": sorted(event["offset"] for event in events),
        "evidence": evidence,
        "bronze": sorted(bronze),
        "again": again,
    },
    sys.stdout,
)
