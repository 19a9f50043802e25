"""Prints as JSON the rows that a line of docs/recipes.md gives. Stdin: {"folder", "code"}; the code names its module."""

import json
import os
import sys

from cells import cell

request = json.load(sys.stdin)
os.chdir(request["folder"])
code = request["code"]
name = code.split(".")[0]
frame = eval(code, {name: __import__(name)})
rows = frame.rows() if name == "polars" else frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
print(json.dumps({"columns": list(frame.columns), "rows": [[cell(value) for value in row] for row in rows]}))
