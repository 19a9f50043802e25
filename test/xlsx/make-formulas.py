"""Makes formulas/*.xlsx: formulas as openpyxl and xlsxwriter write them (python3 test/xlsx/make-formulas.py, openpyxl 3.1.5, xlsxwriter 3.3.1)."""
import zipfile
from pathlib import Path

import openpyxl
import xlsxwriter

OUT = Path(__file__).parent / 'files' / 'formulas'
OUT.mkdir(exist_ok=True)
HEADER = ['Id', 'Day', 'Price', 'Pieces', 'Amount', 'Check']
DAY = '2024-01-02'


def save(name, rows, title='Orders'):
    made = openpyxl.Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    made.save(OUT / f'{name}.xlsx')


# A column of the contract; one that it doesn't name; the name of a column; all that a sheet has.
save('column', [HEADER, ['a', DAY, 1.5, 2, '=C2*D2', None], ['b', DAY, 2, 2, '=C3*D3', None]])
save('unnamed', [['=1+1'], HEADER, ['a', DAY, 1.5, 2, 3, '=C3*D3'], [None, None, None, None, None, '=C4*D4']])
save('header', [[*HEADER[:4], '="Am"&"ount"', 'Check'], ['a', DAY, 1.5, 2, 3, None]])
save('everything', [[f'=Other!{c}1' for c in 'ABCDE'], [f'=Other!{c}2' for c in 'ABCDE']])

# Saved with a value, also with an empty text, which a spreadsheet saves as an empty value of type str.
with xlsxwriter.Workbook(OUT / 'draft.xlsx') as made:
    sheet = made.add_worksheet('Orders')
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ['a', DAY, 1.5, 2])
    sheet.write_formula('E2', '=C2*D2', None, 3)
    sheet.write_row(2, 0, ['b', DAY, 1.5, 2])
    sheet.write_formula('E3', '=IF(D3>2,C3,"")', None, 'nothing')
with zipfile.ZipFile(OUT / 'draft.xlsx') as draft, zipfile.ZipFile(OUT / 'saved.xlsx', 'w', zipfile.ZIP_DEFLATED) as z:
    for name in draft.namelist():
        z.writestr(name, draft.read(name).replace(b'<v>nothing</v>', b'<v></v>'))
(OUT / 'draft.xlsx').unlink()
