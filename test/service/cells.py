"""The cells of a workbook's first sheet as text, by Python's zipfile and ElementTree: FILE prints JSON."""

import json
import sys
import xml.etree.ElementTree as tree
import zipfile

NAMES = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
with zipfile.ZipFile(sys.argv[1]) as book:
    sheet = tree.fromstring(book.read("xl/worksheets/sheet1.xml"))
rows = []
for row in sheet.findall(".//m:row", NAMES):
    rows.append(["".join(cell.itertext()) for cell in row.findall("m:c", NAMES)])
print(json.dumps(rows))
