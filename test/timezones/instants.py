"""
Writes instants.csv: what Python's zoneinfo makes of local times, by the rules of PyPI's tzdata.

    pip install tzdata==2026.6 && python3 test/timezones/instants.py

With a number, which chooses other times, it prints them instead.

Around changes of clocks, in zones with odd ones and in a sample of all others, and at random times. `earlier` and `later` say
how many seconds the local time is ahead of UTC, where the earlier or the later of its two possible instants is meant; kind is
`gap` where no clock shows the local time, `fold` where clocks show it twice.
"""

import pathlib
import random
import sys
import zoneinfo
from datetime import datetime, timedelta, timezone

import tzdata

zoneinfo.reset_tzpath([])
UTC = timezone.utc
RANDOM = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 13)
ODD = """Europe/London America/New_York Asia/Kolkata Australia/Lord_Howe Africa/Casablanca Europe/Dublin Pacific/Apia
America/Sao_Paulo Asia/Kathmandu Africa/Monrovia Europe/Amsterdam Pacific/Kwajalein Asia/Manila America/Juneau Africa/El_Aaiun
America/St_Johns Antarctica/Troll Asia/Gaza Europe/Lisbon Asia/Tehran Pacific/Chatham America/Caracas Asia/Pyongyang Etc/GMT+5
EST5EDT Europe/Kyiv Africa/Cairo America/Nuuk Asia/Singapore""".split()


def changes(zone: zoneinfo.ZoneInfo, first: int, last: int) -> list[datetime]:
    """The instants at which a zone's offset changes, found by looking every three days and then by halves."""
    found = []
    low = datetime(first, 1, 1, tzinfo=UTC)
    step = timedelta(days=3)
    while low.year < last:
        high = low + step
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            a, b = low, high
            while b - a > timedelta(seconds=1):
                middle = a + (b - a) // 2
                middle = middle.replace(microsecond=0)
                if middle.astimezone(zone).utcoffset() == a.astimezone(zone).utcoffset():
                    a = middle
                else:
                    b = middle
            found.append(b)
        low = high
    return found


def around(change: datetime, zone: zoneinfo.ZoneInfo) -> list[datetime]:
    """Local times at the ends of what a change skips or repeats, and in the middle of it."""
    before = (change - timedelta(seconds=1)).astimezone(zone).utcoffset()
    after = change.astimezone(zone).utcoffset()
    ends = [change.replace(tzinfo=None) + offset for offset in (before, after)]
    second = timedelta(seconds=1)
    return [ends[0] - second, ends[0], ends[0] + (ends[1] - ends[0]) / 2, ends[1] - second, ends[1]]


def text(time: datetime) -> str:
    return time.replace(microsecond=0, tzinfo=None).isoformat()


def row(name: str, zone: zoneinfo.ZoneInfo, local: datetime) -> str | None:
    local = local.replace(microsecond=0)
    try:
        instants = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        is_there = instants[0].astimezone(zone).replace(tzinfo=None, fold=0) == local
    except OverflowError:
        return None
    kind = "gap" if not is_there else "fold" if instants[0] != instants[1] else "plain"
    ahead = [str(round((local.replace(tzinfo=UTC) - instant).total_seconds())) for instant in sorted(instants)]
    return ",".join([name, text(local), kind, *ahead])


def main() -> None:
    rows = {}
    names = sorted(zoneinfo.available_timezones() - {"Factory", "localtime", "posixrules"})
    for name in names:
        zone = zoneinfo.ZoneInfo(name)
        is_odd = name in ODD
        locals_ = [datetime(RANDOM.randrange(1800, 2600), RANDOM.randrange(1, 13), RANDOM.randrange(1, 29), RANDOM.randrange(24), RANDOM.randrange(60), RANDOM.randrange(60)) for _ in range(8 if is_odd else 1)]
        locals_ += [datetime(9998, 7, 1, 12), datetime(2500, 1, 15, 12), datetime(7, 6, 5, 4, 3, 2)] if is_odd else []
        found = changes(zone, 1840, 2130)
        chosen = found[:3] + RANDOM.sample(found, min(len(found), 6)) if is_odd else RANDOM.sample(found, min(len(found), 1))
        if is_odd:
            chosen += changes(zone, 2023, 2025) + changes(zone, 2488, 2491) + changes(zone, 8000, 8001)
        for change in chosen:
            locals_ += around(change, zone) if is_odd else around(change, zone)[1:4]
        for local in locals_:
            line = row(name, zone, local)
            if line is not None:
                rows[line] = None
    text = "\n".join([f"# IANA {tzdata.IANA_VERSION}", "zone,local,kind,earlier,later", *rows]) + "\n"
    if len(sys.argv) > 1:
        print(text, end="")
    else:
        pathlib.Path(__file__).with_suffix(".csv").write_text(text)


main()
