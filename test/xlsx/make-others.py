"""
Makes one table as workbooks of many writers, in files/others: python3 test/xlsx/make-others.py, with openpyxl 3.1.5,
xlsxwriter 3.2.0 and pandas 2.2.3; node test/xlsx/make-others.js makes those of exceljs and SheetJS.
hand.xlsx is written out here from ECMA-376: prefixes as LibreOffice may write them, inline texts, phonetic signs,
a shared formula, 1904, cells without references.
"""
import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import xlsxwriter

OUT = Path(__file__).parent / 'files' / 'others'
OUT.mkdir(exist_ok=True)

HEAD = ['id', 'day', 'at', 'payee', 'amount', 'paid']
ROWS = [
    ['p1', dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 13, 45, 30), 'Müller, "Söhne"', 0.1, True],
    ['p2', dt.date(2024, 2, 29), dt.datetime(2024, 2, 29), '  two\nlines ', 1234567.89, False],
    ['p3', dt.date(1987, 12, 31), dt.datetime(1999, 12, 31, 23, 59, 59), '<&> 日本', -5, True],
]

made = openpyxl.Workbook()
for row in [HEAD, *ROWS]:
    made.active.append(row)
made.save(OUT / 'openpyxl.xlsx')

book = xlsxwriter.Workbook(str(OUT / 'xlsxwriter.xlsx'))
sheet = book.add_worksheet('Data')
day, at = book.add_format({'num_format': 'dd/mm/yy'}), book.add_format({'num_format': 'd mmm yyyy hh:mm'})
sheet.write_row(0, 0, HEAD)
for n, (key, on, when, payee, amount, paid) in enumerate(ROWS, 1):
    sheet.write_string(n, 0, key)
    sheet.write_datetime(n, 1, on, day)
    sheet.write_datetime(n, 2, when, at)
    sheet.write_string(n, 3, payee)
    sheet.write_formula(n, 4, f'={amount!r}*1', None, amount)
    sheet.write_boolean(n, 5, paid)
book.close()

# pandas writes days as times at midnight, in a style that shows the time.
frame = pd.DataFrame([dict(zip(HEAD, row)) for row in ROWS])
frame['day'] = pd.to_datetime(frame['day'])
frame.to_excel(OUT / 'pandas.xlsx', index=False)

EPOCH = dt.datetime(1904, 1, 1)
days = lambda when: repr((when - EPOCH) / dt.timedelta(days=1)).removesuffix('.0')
midnight = lambda day: dt.datetime.combine(day, dt.time())
esc = lambda text: text.replace('&', '&amp;').replace('<', '&lt;')


def hand_row(n, row):
    key, on, when, payee, amount, paid = row
    parts = [payee[:4], payee[4:]]
    rich = ''.join(f'<x:r><x:rPr><x:b/></x:rPr><x:t xml:space="preserve">{esc(p)}</x:t></x:r>' for p in parts)
    formula = '<x:f t="shared" ref="E2:E4" si="0">A2</x:f>' if n == 2 else '<x:f t="shared" si="0"/>'
    return (f'<x:row r="{n}"><x:c r="A{n}" t="str"><x:f>"p"</x:f><x:v>{key}</x:v></x:c><x:c s="1"><x:v>{days(midnight(on))}</x:v></x:c>'
            f'<x:c s="2"><x:v>{days(when)}</x:v></x:c>'
            f'<x:c t="inlineStr"><x:is>{rich}<x:rPh sb="0" eb="1"><x:t>NOT</x:t></x:rPh><x:phoneticPr fontId="1"/></x:is></x:c>'
            f'<x:c>{formula}<x:v>{amount!r}</x:v></x:c><x:c t="b"><x:v>{int(paid)}</x:v></x:c></x:row>')


S = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
R = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
HEADER = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
head = ''.join(f'<x:c t="s"><x:v>{n}</x:v></x:c>' for n in range(6))
PARTS = {
    '[Content_Types].xml': '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    '_rels/.rels': f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="{R}/officeDocument" Target="/xl/workbook.xml"/></Relationships>',
    'xl/workbook.xml': f'<x:workbook xmlns:x="{S}" xmlns:rel="{R}"><x:workbookPr date1904="true"/><x:sheets><x:sheet name="A &amp; B" sheetId="7" rel:id="s"/></x:sheets></x:workbook>',
    'xl/_rels/workbook.xml.rels': f'<p:Relationships xmlns:p="http://schemas.openxmlformats.org/package/2006/relationships"><p:Relationship Id="s" Type="{R}/worksheet" Target="worksheets/../worksheets/one.xml"/><p:Relationship Id="t" Type="{R}/sharedStrings" Target="sharedStrings.xml"/><p:Relationship Id="u" Type="{R}/styles" Target="styles.xml"/></p:Relationships>',
    'xl/styles.xml': f'<x:styleSheet xmlns:x="{S}"><x:numFmts count="1"><x:numFmt numFmtId="164" formatCode="[$-407]d. mmmm yyyy;@"/></x:numFmts><x:fonts count="1"><x:font/></x:fonts><x:fills count="1"><x:fill><x:patternFill patternType="none"/></x:fill></x:fills><x:borders count="1"><x:border/></x:borders><x:cellStyleXfs count="1"><x:xf numFmtId="9"/></x:cellStyleXfs><x:cellXfs><x:xf numFmtId="0"/><x:xf numFmtId="164"/><x:xf numFmtId="22"/></x:cellXfs></x:styleSheet>',
    'xl/sharedStrings.xml': f'<x:sst xmlns:x="{S}">' + ''.join(f'<x:si><x:t>{name}</x:t></x:si>' for name in HEAD) + '</x:sst>',
    'xl/worksheets/one.xml': f'<x:worksheet xmlns:x="{S}"><x:dimension ref="A1"/><x:sheetData><x:row>{head}</x:row>' + ''.join(hand_row(n, row) for n, row in enumerate(ROWS, 2)) + '</x:sheetData></x:worksheet>',
}
with zipfile.ZipFile(OUT / 'hand.xlsx', 'w', zipfile.ZIP_DEFLATED) as z:
    for name, text in PARTS.items():
        z.writestr(name, HEADER + text)
print(*sorted(p.name for p in OUT.iterdir()))
