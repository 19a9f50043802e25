"""Sequences of files that hold again what earlier ones held, and what must be kept of each: `python3 repeats.py > repeats.json`.

Judged by Python's csv, collections.Counter and decimal, file by file in the order of arrival. By key `record`: of m equal records
of a file, where n stand in Silver, m - n are kept and the others are repeats. By key `id`: a record whose key stands in Silver is
a repeat where its values are those, and a duplicate otherwise, which the policy condemns, or which replaces the other.
"""

import csv
import io
import json
import random
from collections import Counter
from decimal import Decimal


def text(rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "paid_on", "amount"])
    writer.writerows(rows)
    return out.getvalue()


def a_row(dice, keys):
    return (f"k{dice.randrange(keys)}", f"2024-0{dice.randrange(1, 4)}-01", f"{dice.randrange(1, 3)}.50")


def files_of(dice):
    history, files = [], []
    for n in range(dice.randrange(2, 5)):
        fresh = [a_row(dice, 6) for _ in range(dice.randrange(0, 12))]
        again = history if dice.random() < 0.7 else [r for r in history if dice.random() < 0.5]
        rows = again + fresh
        if dice.random() < 0.3:
            dice.shuffle(rows)
        if not rows or text(rows) in [f["text"] for f in files]:
            continue
        files.append({"name": f"f{n}.csv", "text": text(rows)})
        history = rows
    return files


def read(file):
    return [tuple(row) for row in csv.reader(io.StringIO(file["text"]))][1:]


def total(rows):
    return str(sum((Decimal(row[2]) for row in rows), Decimal("0.00")))


def by_record(files):
    silver, said = Counter(), []
    for file in files:
        rows = read(file)
        kept, again = [], []
        for row, m in Counter(rows).items():
            n = silver[row]
            kept += [row] * max(0, m - n)
            again += [row] * min(m, n)
            silver[row] = max(m, n)
        said.append({"records": len(rows), "silver": len(kept), "repeats": len(again), "condemned": 0, "kept": total(kept), "again": total(again)})
    return said, sorted(silver.elements())


def by_id(files):
    silver, said = {}, []
    for file in files:
        rows = read(file)
        kept, again, twice = [], [], []
        for row in rows:
            stands = silver.get(row[0])
            if stands is None:
                silver[row[0]] = row
                kept.append(row)
            elif stands == row:
                again.append(row)
            else:
                twice.append(row)
        said.append({"records": len(rows), "silver": len(kept), "repeats": len(again), "condemned": len(twice), "kept": total(kept), "again": total(again)})
    return said, sorted(silver.values())


def main():
    cases = []
    for seed in range(6):
        dice = random.Random(seed)
        files = files_of(dice)
        judge = [by_record, by_id][seed % 2]
        said, silver = judge(files)
        cases.append({"key": ["record", "id"][seed % 2], "files": files, "said": said, "silver": silver})
    print(json.dumps(cases, indent=1))


main()
