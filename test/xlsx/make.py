"""Makes the workbooks of this folder by openpyxl 3.1: python3 test/xlsx/make.py"""
import datetime as dt
import json
import random
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

OUT = Path(__file__).parent / 'files'


def book(is1904=False):
    made = openpyxl.Workbook()
    if is1904:
        made.epoch = CALENDAR_MAC_1904
    return made


def save(made, name):
    made.save(OUT / name)


def payments(made):
    sheet = made.active
    sheet.title = 'Payments'
    sheet.append(['Payments of January'])
    sheet.append([])
    sheet.append(['Id', 'Day', 'At', 'Payee\nname', 'Amount', 'Paid', 'Note'])
    sheet.append(['p1', dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 13, 45, 30, 250000), 'Müller, "Söhne"', 0.1, True, None])
    sheet.append(['p2', dt.date(1900, 1, 31), dt.datetime(2024, 2, 29), ' two\nlines ', 1234567.89, False, 'x'])
    sheet.append([])
    sheet.append(['p3', dt.date(2024, 12, 31), dt.datetime(2024, 1, 1, 0, 0, 1), 'bad amount', 'n/a', True, '=1/0'])
    sheet.append(['p4', dt.date(2024, 3, 1), dt.datetime(2024, 3, 1), CellRichText('rich ', TextBlock(InlineFont(b=True), 'text')), -5, True, '日本'])
    sheet.row_dimensions[8].hidden = True
    made.create_sheet('Notes').append(['nothing'])
    hidden = made.create_sheet('Old')
    hidden.sheet_state = 'hidden'
    hidden.append(['Id', 'Day'])


made = book()
payments(made)
save(made, 'payments.xlsx')
made = book(is1904=True)
payments(made)
save(made, 'payments-1904.xlsx')
with zipfile.ZipFile(OUT / 'payments.zip', 'w', zipfile.ZIP_DEFLATED) as z:
    z.write(OUT / 'payments.xlsx', 'january.xlsx')

# Numbers of every size, dates over all days, in both calendars, and what openpyxl says they are.
random.seed(7)
for is1904 in (False, True):
    made = book(is1904)
    sheet = made.active
    expected = []
    for n in range(400):
        number = random.choice([
            random.uniform(-1, 1) * 10 ** random.randint(-12, 25), float(random.randint(-10**15, 10**15)), random.random(),
            random.randint(-10**9, 10**9) / 100,
        ])
        day = dt.date(1904, 1, 2) + dt.timedelta(days=random.randint(0, 2_900_000))
        at = dt.datetime(1904, 1, 2) + dt.timedelta(days=random.randint(0, 60_000), milliseconds=random.randint(0, 86_399_999))
        sheet.append([number, day, at])
        expected.append([None, day.isoformat(),
                         at.isoformat(timespec='milliseconds' if at.microsecond else 'seconds')])
    name = 'values-1904' if is1904 else 'values'
    save(made, f'{name}.xlsx')
    # openpyxl writes 16 digits of a number: what stands in the file is what it reads again.
    for one, (cell,) in zip(expected, openpyxl.load_workbook(OUT / f'{name}.xlsx').active.iter_rows(max_col=1)):
        one[0] = format(Decimal(repr(cell.value)), 'f')
    (OUT / f'{name}.json').write_text(json.dumps(expected))
print(*sorted(p.name for p in OUT.iterdir()))
