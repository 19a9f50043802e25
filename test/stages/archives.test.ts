import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from '@jest/globals';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { contractText, NO_LIMITS } from './contract-text.ts';
import { type TestLake, testLake } from './harness.ts';
import type { Row } from './read-rows.ts';

/** Archives of files. They were made by Python's zipfile and by Info-ZIP's zip: test/archives/make.py. */

const FILES = fileURLToPath(new URL('../archives/files/', import.meta.url));
const archive = (name: string): Promise<Buffer> => readFile(path.join(FILES, name));

const contract = (limits: Readonly<Record<string, unknown>> = {}): string =>
  contractText({
    partitionColumn: 'day',
    columns: [
      { name: 'id', key: true },
      { name: 'day', type: 'date', required: true },
      { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)', required: true },
    ],
    assay: { measures: [{ column: 'amount' }], limits: { ...NO_LIMITS, ...limits } },
  });

/** The texts that make.py packs. */
const A = 'id,day,amount\na1,2024-01-02,1.50\na2,2024-01-03,2.25\n';
const B = 'id,day,amount\nb1,2024-02-02,10.00\n';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

let lake: TestLake;
afterEach(() => lake.dispose());

const ids = async (): Promise<string[]> => (await lake.rows('silver')).map(({ id }) => String(id)).sort();
const ledger = async (): Promise<Row[]> =>
  (await lake.rows('source_files'))
    .map((row): Row => ({ ...row, name: String(row.source_file).replace(/^.*ingest_date=[^/]*\//, '') }))
    .sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
const notes = async (): Promise<Record<string, unknown[]>> =>
  Object.fromEntries((await ledger()).map(({ name, status, note }) => [name, [status, note ?? null]]));

test('each CSV file in an archive is a source file of its own, what else lies in it is left out or told', async () => {
  lake = await testLake({ contracts: [contract()] });
  const { status, record } = await lake.dropAndRun({ 'several.zip': await archive('several.zip') });
  expect(status).toBe('promoted');
  expect(await ids()).toEqual(['a1', 'a2', 'b1', 'c1']);
  expect(record?.counts).toMatchObject({ records: 5, silver: 4, quarantined: 1 });
  const leftOut = ['empty', 'it is left out: by its name it is no CSV file'];
  expect(await notes()).toEqual({
    'several.zip#2024/c.csv': ['accepted', null],
    'several.zip#README.txt': leftOut,
    'several.zip#a.csv': ['accepted', null],
    'several.zip#notes.pdf': leftOut,
    'several.zip#stored.csv': ['accepted', null],
  });
  const found = new Map((await ledger()).map((row) => [row.name, row]));
  expect(found.get('several.zip#a.csv')).toMatchObject({
    source_file_id: sha256(A),
    size_bytes: BigInt(A.length),
    records: 2n,
  });
  const [row] = (await lake.rows('silver')).filter(({ id }) => id === 'a2');
  expect(row).toMatchObject({ source_file_id: sha256(A), source_row_number: 2n });
  const [quarantined] = await lake.rows('quarantine');
  expect(quarantined).toMatchObject({ source_row_number: 2n });
  expect(String(quarantined?.source_file)).toMatch(/several\.zip#2024\/c\.csv$/);
  const audit = await auditDataset(lake.lake.effects, { dataset: lake.dataset });
  expect(audit.problems).toEqual([]);
  // It is done: neither the archive nor what is in it is taken up again.
  expect((await lake.run()).status).toBe('nothing-to-do');
});

test('files are read by how their names end, whatever they are called, and each that is left out is told', async () => {
  lake = await testLake({ contracts: [contract()] });
  const { record } = await lake.dropAndRun({ 'odd-names.zip': await archive('odd-names.zip') });
  // make.py numbers the records of the files that are tables.
  expect((await ids()).map(Number).sort((a, b) => a - b)).toEqual([...Array(13).keys()]);
  const told = (record?.files ?? []).filter(({ status }) => status !== 'accepted');
  expect(
    told.map(({ key, status, note }) => `${key.replace(/^.*#/, '')}: ${status}, ${note}`).sort(),
  ).toEqual([
    '.cache/b.csv: empty, it is left out: by its name it is hidden',
    '.hidden.csv: empty, it is left out: by its name it is hidden',
    'LICENSE.txt: empty, it is left out: by its name it is no CSV file',
    'LICENSE: empty, it is left out: by its name it is no CSV file',
    'README.md: empty, it is left out: by its name it is no CSV file',
    'README: empty, it is left out: by its name it is no CSV file',
    'Read me.txt: empty, it is left out: by its name it is no CSV file',
    'a.csv.md5: empty, it is left out: by its name it is no CSV file',
  ]);
});

test('a file packed by zstd is read, one by bzip2 is told what to do with', async () => {
  lake = await testLake({ contracts: [contract()] });
  await lake.dropAndRun({
    'a.csv.zst': await archive('plain.zst'),
    'cut.csv.zst': await archive('cut.zst'),
    'a.csv.bz2': await archive('plain.bz2'),
  });
  expect(await ids()).toEqual(['a1', 'a2']);
  expect(await notes()).toEqual({
    'a.csv.bz2': [
      'rejected',
      'it is packed with bzip2 (unpack it by bunzip2, or pack it by gzip or zstd), and no CSV',
    ],
    'a.csv.zst': ['accepted', null],
    'cut.csv.zst': ['rejected', 'its zstd data is damaged: it ends too early'],
  });
});

test('bytes that came before are a repeat, in an archive or beside it', async () => {
  lake = await testLake({ contracts: [contract()] });
  await lake.dropAndRun({ 'b.csv': B });
  await lake.dropAndRun({ 'streamed.zip': await archive('streamed.zip') });
  await lake.dropAndRun({ 'a.csv': A });
  expect(await ids()).toEqual(['a1', 'a2', 'b1']);
  expect(Object.entries(await notes()).map(([name, [status]]) => `${name} ${status}`)).toEqual([
    'a.csv repeat',
    'b.csv accepted',
    'streamed.zip#a.csv accepted',
    'streamed.zip#b.csv repeat',
  ]);
});

test('an archive that could mean two things, or holds nothing to read, is rejected as a whole, with the reason', async () => {
  const whys: Readonly<Record<string, unknown>> = {
    'empty.zip': 'it is empty',
    'no-csv.zip': "it holds no CSV file, but 'photo.jpg', 'x.json'",
    'up.zip': "the name '../up.csv' in it leads out of it",
    'backslash.zip': "the name '../a.csv' in it leads out of it",
    'absolute.zip': "the name '/etc/a.csv' in it is a path from the root",
    'drive.zip': "the name 'C:/a.csv' in it is a path from the root",
    'link.zip': "the name 'a.csv' in it is of a link",
    'twice.zip': "it has two files of the name 'a.csv'",
    'overlapping.zip': "its directory and the header of 'b.csv' say two things of its name",
    'other-name.zip': "its directory and the header of 'a.csv' say two things of its name",
    'hidden.zip': "behind the beginning lies a file that its directory doesn't name",
    'cut.zip': expect.stringMatching(/^it is no zip archive that can be read: /),
    'short.zip': 'it is no zip archive that can be read: a file in it is stored as it is, in 52 bytes of 53',
    'many.zip': 'it has more than 10000 files',
    'text.zip': expect.stringMatching(/^it is no zip archive that can be read: /),
  };
  lake = await testLake({ contracts: [contract()] });
  const made: Record<string, Buffer> = { 'many.zip': manyEntries(10_001), 'text.zip': Buffer.from(A) };
  for (const name of Object.keys(whys)) made[name] ??= await archive(name);
  expect((await lake.dropAndRun(made)).status).toBe('nothing-published');
  expect(await notes()).toEqual(
    Object.fromEntries(Object.entries(whys).map(([name, why]) => [name, ['rejected', why]])),
  );
  expect((await lake.run()).status).toBe('nothing-to-do');
});

test('files are read under their names, and one that cannot be read is rejected alone', async () => {
  const files = {
    'zip64.zip': [['a.csv', 'accepted']],
    'names.zip': [
      ['Übersicht.csv', 'repeat'],
      ['日本.csv', 'accepted'],
    ],
    'cp437.zip': [['Üb.csv', 'repeat']],
    'info-zip.zip': [
      ['Größe.csv', 'repeat'],
      ['a.csv', 'repeat'],
    ],
    'nested.zip': [
      ['b.csv', 'repeat'],
      ['inner.zip', 'it is an archive within an archive: drop what is in it'],
    ],
    'encrypted.zip': [
      ['a.csv', 'it is encrypted: unpack it with its password, and drop what comes out'],
      ['b.csv', 'repeat'],
    ],
    'flagged.zip': [
      ['a.csv', 'it is encrypted: unpack it with its password, and drop what comes out'],
      ['b.csv', 'repeat'],
    ],
    'bzip2.zip': [
      ['a.csv', 'it is packed by a method that is not read (12): pack it anew by deflate'],
      ['b.csv', 'repeat'],
    ],
    'damaged.zip': [
      ['a.csv', 'it is damaged: incorrect data check'],
      ['b.csv', 'repeat'],
    ],
    'lie.zip': [['a.csv', 'it is damaged: it is larger than the 60 bytes declared']],
  } as const;
  lake = await testLake({ contracts: [contract()] });
  await lake.dropAndRun(
    Object.fromEntries(
      await Promise.all(Object.keys(files).map(async (name) => [name, await archive(name)] as const)),
    ),
  );
  expect(await ids()).toEqual(['a1', 'a2', 'b1']);
  const found = (await ledger()).map(({ name, status, note }) => [
    name,
    status === 'rejected' ? note : status,
  ]);
  expect(Object.fromEntries(found)).toEqual(
    Object.fromEntries(
      Object.entries(files).flatMap(([name, members]) =>
        members.map(([member, state]) => [`${name}#${member}`, state]),
      ),
    ),
  );
});

test('what an archive holds more than the contract allows is rejected, and read once it allows it', async () => {
  lake = await testLake({ contracts: [contract({ maxUnpackedBytes: A.length })] });
  const name = 'streamed.zip';
  await lake.dropAndRun({ [name]: await archive(name) });
  const why = `it unpacks to ${A.length + B.length} bytes, more than the ${A.length} that the contract sets (maxUnpackedBytes)`;
  expect(await notes()).toEqual({ [name]: ['rejected', why] });
  await lake.setContract(contract());
  await lake.run();
  expect(await ids()).toEqual(['a1', 'a2', 'b1']);
  expect((await lake.run()).status).toBe('nothing-to-do');
});

test('files of an archive in a run that is held stay aside, and their bytes are a repeat meanwhile', async () => {
  lake = await testLake({ contracts: [contract({ maxQuarantineRate: 0.01, smallBatchRecords: 1 })] });
  expect((await lake.dropAndRun({ 'several.zip': await archive('several.zip') })).status).toBe('held');
  expect((await lake.run()).status).toBe('nothing-to-do');
  await lake.dropAndRun({ 'a.csv': A });
  expect(await notes()).toEqual({
    'a.csv': ['repeat', expect.stringMatching(/^the same bytes as .*several\.zip#a\.csv$/)],
  });
});

/** The directory of so many empty files, and nothing else (APPNOTE 4.3.12 and 4.3.16). */
function manyEntries(count: number): Buffer {
  const entries = Array.from({ length: count }, (_, n) => {
    const name = Buffer.from(`${n}.csv`);
    const header = Buffer.alloc(46);
    header.write('PK\x01\x02', 'latin1');
    header.writeUInt16LE(name.length, 28);
    return Buffer.concat([header, name]);
  });
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directory.length, 12);
  return Buffer.concat([directory, end]);
}
