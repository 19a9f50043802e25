"""Sums of a month's amounts by file, by Python's csv and decimal: FOLDER MONTH prints JSON."""

import csv
import decimal
import json
import pathlib
import sys

folder, month = pathlib.Path(sys.argv[1]), sys.argv[2]
sums = {}
for file in sorted(folder.glob("*.csv")):
    with file.open(newline="", encoding="utf-8") as lines:
        reader = csv.reader(lines)
        names = next(reader)
        rows = [dict(zip(names, row)) for row in reader]
    mine = [row for row in rows if row["sold_on"].startswith(month)]
    if mine:
        total = sum((decimal.Decimal(row["amount"]) for row in mine), decimal.Decimal("0.00"))
        sums[file.name] = {"rows": len(mine), "amount": str(total)}
print(json.dumps(sums))
