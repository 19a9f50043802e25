"""Makes the archives of this folder by Python's zipfile and by Info-ZIP's zip: python3 test/archives/make.py"""
import io, os, struct, subprocess, sys, tempfile, warnings, zipfile
from pathlib import Path

OUT = Path(__file__).parent / 'files'
warnings.simplefilter('ignore')
A = b'id,day,amount\na1,2024-01-02,1.50\na2,2024-01-03,2.25\n'
B = b'id,day,amount\nb1,2024-02-02,10.00\n'
C = b'id,day,amount\nc1,2024-03-02,7.00\nc2,2024-03-03,bad\n'


def info(name, **more):
    one = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
    one.compress_type = more.pop('method', zipfile.ZIP_DEFLATED)
    for key, value in more.items():
        setattr(one, key, value)
    return one


def make(name, *members, into=None):
    target = into if into is not None else OUT / name
    with zipfile.ZipFile(target, 'w') as z:
        for one, content in members:
            z.writestr(one if isinstance(one, zipfile.ZipInfo) else info(one), content)


class Unseekable(io.RawIOBase):
    def __init__(self):
        self.bytes = b''

    def writable(self):
        return True

    def write(self, piece):
        self.bytes += bytes(piece)
        return len(piece)


make('several.zip',
     ('a.csv', A), (info('stored.csv', method=zipfile.ZIP_STORED), B), ('2024/', b''), ('2024/c.csv', C),
     ('README.txt', b'Read me, please.\n'), ('notes.pdf', b'%PDF-1.4 no records\n'),
     ('__MACOSX/._a.csv', b'\0\5\26\7'), ('.DS_Store', b'\0\0\0\1Bud1'), ('Thumbs.db', b'\xd0\xcf'))
# Names as sources have them, each with a record of its own; and names of what is no table.
odd = ['licence.csv', 'license.csv', 'readme.csv', '2024/LICENCE.CSV', 'license-plates.txt', 'README.tsv', 'orders.csv;1',
       'a.csv.20240101', 'b.csv_2024-01-02', 'data.csv ', 'line\n.csv', 'end.csv\n', 'copy.csv (2)']
make('odd-names.zip',
     *((name, f'id,day,amount\n{n},2024-01-02,1\n'.encode()) for n, name in enumerate(odd)),
     *((name, name.encode()) for name in ('LICENSE', 'LICENSE.txt', 'README', 'README.md', 'Read me.txt', 'a.csv.md5',
                                          '.hidden.csv', '.cache/b.csv', '.git/c.csv', '._a.csv')))
stream = Unseekable()
make('', ('a.csv', A), ('b.csv', B), into=stream)
(OUT / 'streamed.zip').write_bytes(stream.bytes)
with zipfile.ZipFile(OUT / 'zip64.zip', 'w') as z:
    with z.open(info('a.csv'), 'w', force_zip64=True) as f:
        f.write(A)
make('names.zip', ('Übersicht.csv', A), ('日本.csv', B))
# Python writes a name that isn't ASCII with the flag of UTF-8: here a name of code page 437 takes its place.
make('cp437.zip', ('Xb.csv', A))
raw = (OUT / 'cp437.zip').read_bytes().replace(b'Xb.csv', b'\x9ab.csv')  # Üb.csv
(OUT / 'cp437.zip').write_bytes(raw)
make('empty.zip')
make('no-csv.zip', ('photo.jpg', b'\xff\xd8\xff'), ('x.json', b'{}'))
make('up.zip', ('a.csv', A), ('../up.csv', B))
make('absolute.zip', ('/etc/a.csv', A))
make('backslash.zip', ('..\\a.csv', A))
make('drive.zip', ('C:/a.csv', A))
make('link.zip', (info('a.csv', create_system=3, external_attr=0o120777 << 16), b'/etc/passwd'))
make('twice.zip', ('a.csv', A), ('a.csv', B))
inner = io.BytesIO()
make('', ('a.csv', A), into=inner)
make('nested.zip', ('inner.zip', inner.getvalue()), ('b.csv', B))
make('bzip2.zip', (info('a.csv', method=zipfile.ZIP_BZIP2), A), ('b.csv', B))

plain = io.BytesIO()
make('', (info('a.csv', method=zipfile.ZIP_STORED), A), (info('b.csv', method=zipfile.ZIP_STORED), B), into=plain)
plain = plain.getvalue()
(OUT / 'damaged.zip').write_bytes(plain.replace(b'1.50', b'1.51', 1))
(OUT / 'cut.zip').write_bytes(plain[:-30])
# The first file is said to be encrypted, and is not; or to be larger than what is stored of it.
flagged, short = bytearray(plain), bytearray(plain)
for sign, flags, size_at in ((b'PK\3\4', 6, 22), (b'PK\1\2', 8, 24)):
    flagged[flagged.index(sign) + flags] |= 1
    struct.pack_into('<I', short, short.index(sign) + size_at, len(A) + 1)
(OUT / 'flagged.zip').write_bytes(flagged)
(OUT / 'short.zip').write_bytes(short)
directory = plain.index(b'PK\1\2')
second = plain.index(b'PK\3\4', 1)
# The header of the first file says another name than the directory.
(OUT / 'other-name.zip').write_bytes(plain.replace(b'a.csv', b'z.csv', 1))
# The directory has both files at the place of the first (David Fifield's bombs lie over one another, too).
at = plain.index(b'PK\1\2', directory + 1)
both = bytearray(plain)
struct.pack_into('<I', both, at + 42, 0)
(OUT / 'overlapping.zip').write_bytes(both)
# The directory has the second file alone.
size = at - directory
hidden = bytearray(plain[:directory] + plain[at:])
end = hidden.index(b'PK\5\6')
struct.pack_into('<HHII', hidden, end + 8, 1, 1, len(plain) - at - 22, directory)
(OUT / 'hidden.zip').write_bytes(hidden)
# It unpacks to more than it declares.
deflated = io.BytesIO()
make('', ('a.csv', A * 100), into=deflated)
lie = bytearray(deflated.getvalue())
for sign, offset in ((b'PK\3\4', 22), (b'PK\1\2', 24)):
    struct.pack_into('<I', lie, lie.index(sign) + offset, 60)
(OUT / 'lie.zip').write_bytes(lie)

with tempfile.TemporaryDirectory() as folder:
    Path(folder, 'a.csv').write_bytes(A)
    Path(folder, 'Größe.csv').write_bytes(B)
    for args in (['-q', '-X', '-P', 'secret', 'encrypted.zip', 'a.csv'], ['-q', '-X', 'info-zip.zip', 'a.csv', 'Größe.csv']):
        target = OUT / args[-2 if 'secret' in args else 2]
        args[args.index(target.name)] = str(target)
        target.unlink(missing_ok=True)
        subprocess.run(['zip', *args], cwd=folder, check=True)
    with zipfile.ZipFile(OUT / 'encrypted.zip', 'a') as z:
        z.writestr(info('b.csv'), B)
print(*sorted(os.listdir(OUT)))

for name, args, content in (
    ('plain.zst', [], A),
    ('long.zst', ['--long=31', '--no-check'], A),
    ('no-checksum.zst', ['--no-check'], A),
):
    packed = subprocess.run(['zstd', '-q', '-c', *args], input=content, stdout=subprocess.PIPE, check=True).stdout
    (OUT / name).write_bytes(packed)
# Two frames, with one to be skipped before them (RFC 8878, 3.1.2).
good = (OUT / 'plain.zst').read_bytes()
rest = subprocess.run(['zstd', '-q', '-c'], input=B[len(b'id,day,amount\n'):], stdout=subprocess.PIPE, check=True).stdout
(OUT / 'frames.zst').write_bytes(b'\x50\x2a\x4d\x18\x03\x00\x00\x00abc' + good + rest)
(OUT / 'checksum.zst').write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
(OUT / 'cut.zst').write_bytes(good[:-6])
(OUT / 'plain.bz2').write_bytes(subprocess.run(['bzip2', '-c'], input=A, stdout=subprocess.PIPE, check=True).stdout)
