"""
Makes sales.zip and sales.xlsx of this folder, by openpyxl 3.1.5 and Python's zipfile: python3 test/archives/make-sales.py
Sales of the shop of test/cli/shop.ts; in each file that is packed one amount is no number.
"""
import datetime as dt
import gzip
import io
import zipfile
from pathlib import Path

import openpyxl

OUT = Path(__file__).parent / 'files'
HEADER = 'sale_id,customer,amount,sold_on\n'


def workbook(rows):
    book = openpyxl.Workbook()
    book.active.append(HEADER.strip().split(','))
    for row in rows:
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


JAN = HEADER + 'j1,Ann,1.25,2024-01-02\nj2,Bob,many,2024-01-03\n'
FEB = HEADER + 'f1,Cyd,2.50,2024-02-02\n'
MAR = workbook([['m1', 'Dan', 4.75, dt.date(2024, 3, 2)], ['m2', 'Eve', 'few', dt.date(2024, 3, 3)]])
with zipfile.ZipFile(OUT / 'sales.zip', 'w', zipfile.ZIP_DEFLATED) as z:
    z.writestr('jan.csv', JAN)
    z.writestr('2024/feb.csv.gz', gzip.compress(FEB.encode(), mtime=0))
    z.writestr('mar.xlsx', MAR)
(OUT / 'sales.xlsx').write_bytes(workbook([['a1', 'Fay', 8.5, dt.date(2024, 4, 2)], ['a2', 'Gil', 'none', dt.date(2024, 4, 3)]]))
