import { Buffer } from 'node:buffer';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { ingestFiles } from '../../adapters/local/ingest-files.ts';
import type { Ingestion } from '../../adapters/local/ingestion.ts';
import { openLake } from '../../adapters/local/lake.ts';
import { uploadIntake } from '../../adapters/local/upload-intake.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { DataError } from '../../etl/errors.ts';
import { isSealed } from '../../etl/naming/bronze.ts';
import { openCells } from '../../etl/privacy/open-cells.ts';
import { Sodium } from '../../etl/privacy/sodium.ts';
import type { Vault } from '../../etl/privacy/vault.ts';
import { contractText } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { storedZip } from '../support/stored-zip.ts';

const COLUMNS = [
  { name: 'order_no', key: true },
  {
    name: 'customer',
    classification: 'personal',
    required: true,
    assay: { protect: { as: 'pseudonym', group: 'ids' } },
  },
  { name: 'mail', classification: 'personal', assay: { protect: { as: 'encrypted', group: 'contact' } } },
  { name: 'note', classification: 'personal', assay: { protect: { as: 'dropped' } } },
  { name: 'ordered_on', type: 'date', required: true },
];
const shop = (dataset: string, assay: object = {}): string =>
  contractText({
    dataset,
    columns: COLUMNS,
    partitionColumn: 'ordered_on',
    assay: { subject: { column: 'customer', kind: 'customer' }, ...assay },
  });
const CONTRACTS = [
  shop('shop.orders', {
    csv: {
      encodings: ['utf-8', 'windows-1252'],
      preambleLines: 2,
      footerPattern: '(Total|Ende): .*',
    },
    limits: { maxRecordBytes: 5000 },
  }),
  shop('shop.lines', { format: 'jsonl', unknownColumns: 'rescue' }),
  shop('shop.latest', { duplicates: 'replace' }),
  shop('shop.around', { format: 'jsonl' }),
  contractText({
    dataset: 'shop.watched',
    columns: COLUMNS.map((column) =>
      column.name === 'note' ? { name: 'remark', classification: 'internal' } : column,
    ),
    partitionColumn: 'ordered_on',
    assay: { subject: { column: 'customer', kind: 'customer' } },
  }),
];

let lake: TestLake;
let sodium: Sodium;
beforeAll(async () => {
  lake = await testLake({ contracts: CONTRACTS, vault: true, startAt: '2026-11-29T10:00:00Z' });
  sodium = await Sodium.open();
});
afterAll(async () => {
  sodium.dispose();
  await lake.dispose();
});

const effects = () => lake.lake.effects;
const vault = (): Vault => effects().vault as Vault;

/** Every file of the lake, scratch and hidden ones too, with its bytes. */
async function everything(): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const entry of await readdir(lake.lake.root, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const file = path.join(entry.parentPath, entry.name);
      found.set(path.relative(lake.lake.root, file), await readFile(file));
    }
  return found;
}

/** A token as it may stand in bytes. */
function spellings(token: string): Buffer[] {
  const utf8 = Buffer.from(token);
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), utf8])
      .toString('base64')
      .slice(4, -4),
  );
  return [
    utf8,
    Buffer.from(token, 'utf16le'),
    Buffer.from(utf8.toString('hex')),
    ...base64.map((one) => Buffer.from(one)),
  ];
}

async function expectNowhere(...tokens: string[]): Promise<void> {
  const files = await everything();
  for (const token of tokens)
    for (const bytes of spellings(token))
      expect([...files].filter(([, content]) => content.includes(bytes)).map(([name]) => name)).toEqual([]);
}

const bronzeOf = async (dataset: string): Promise<string[]> =>
  (await effects().objects.list(`bronze/${dataset.replace('.', '/')}/`)).map(({ key }) => key);

async function recordsOf(key: string): Promise<string[][]> {
  const stored = await effects().objects.get(key);
  return parse(Buffer.from(stored?.body ?? []), { relax_column_count: true, skip_empty_lines: true });
}

/** The texts with each envelope opened. */
async function opened(cells: readonly string[]): Promise<string[]> {
  const found = await openCells({ vault: vault(), sodium })(cells);
  return cells.map((cell, n) => {
    const one = found[n];
    return one?.kind === 'clear' ? one.text : cell;
  });
}

async function tryFiles(
  dataset: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<Ingestion[]> {
  const contract = requireSourceContract(await loadContracts(effects().contracts), dataset);
  const folder = path.dirname(lake.lake.root);
  const found = [];
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await writeFile(file, content);
    found.push({ file, links: 'refuse' as const });
  }
  const done: Ingestion[] = [];
  for await (const one of ingestFiles(lake.lake, contract, found)) done.push(one);
  return done;
}

const HEADER = 'order_no,customer,mail,note,ordered_on';

describe('a file of a protected dataset', () => {
  test('lies in Bronze under a name that says nothing, with envelopes in the place of its values', async () => {
    await lake.drop({
      'anna-plantedname.csv': [
        'Export of plantedpreamble',
        HEADER,
        'o1,00417,anna.plantedmail@x.example,plantednote one,2026-10-05',
        'o2,,nobody.plantedmail@x.example,,2026-10-06',
        'o3,00418,broken.plantedmail@x.example,2026-10-06',
        `o4,00419,${'long plantedmail '.repeat(400)},,2026-10-07`,
        '~1.aaaaaaaa.forgedplanted,417,,,2026-10-07',
        'Total: 4,plantedtotal,,,',
        'Ende: plantedclosing',
        '',
      ].join('\n'),
    });
    const [key = ''] = await bronzeOf('shop.orders');
    expect(path.basename(key)).toMatch(/^[a-z2-7]{26}\.sealed\.csv$/);
    expect(isSealed(key)).toBe(true);
    const [header, ...records] = await recordsOf(key);
    expect(header).toEqual(HEADER.split(','));
    const cells = await Promise.all(records.map(opened));
    const [reference = ''] = records[0]?.slice(1) ?? [];
    expect(reference).toMatch(/^[a-z2-7]{26}$/);
    expect(cells[0]).toEqual(['o1', reference, 'anna.plantedmail@x.example', '', '2026-10-05']);
    expect(cells[1]).toEqual(['o2', '', 'nobody.plantedmail@x.example', '', '2026-10-06']);
    expect(cells.slice(2).map(([text = '', problem]) => [text.slice(0, 24), problem])).toEqual([
      ['o3,00418,broken.plantedm', 'too few fields'],
      ['o4,00419,long plantedmai', 'a record longer than the limit'],
      ['~1.aaaaaaaa.forgedplante', 'text that begins like an envelope'],
      ['Total: 4,plantedtotal,,,', 'the form of a footer'],
      ['Ende: plantedclosing', 'the form of a footer'],
    ]);
    await expectNowhere(
      'plantedname',
      'plantedpreamble',
      'plantedmail',
      'plantednote',
      'plantedtotal',
      'plantedclosing',
      'forgedplanted',
    );
  });

  test('is known when its bytes come again, under whatever name and on whatever day', async () => {
    const text = `${HEADER}\nr1,500,again@x.example,,2026-10-05\n`;
    const [first] = await tryFiles('shop.orders', { 'a.csv': text });
    lake.setTime('2026-11-30T10:00:00Z');
    const [again] = await tryFiles('shop.orders', { 'b.csv': text });
    lake.setTime('2026-11-29T11:00:00Z');
    if (first?.kind !== 'ingested' || again?.kind !== 'ingested') throw new Error('not ingested');
    expect(again.source).toEqual({ ...first.source, file: again.file, existed: true });
  });

  test('is a new arrival where later records replace earlier ones and another file came since', async () => {
    const [one, two] = ['one', 'two'].map((mail) => `${HEADER}\nr1,1,${mail}@x.example,,2026-10-05\n`);
    await lake.drop({ 'a.csv': one ?? '' }, 'shop.latest');
    await lake.drop({ 'a.csv': one ?? '' }, 'shop.latest');
    expect(await bronzeOf('shop.latest')).toHaveLength(1);
    await lake.drop({ 'a.csv': two ?? '' }, 'shop.latest');
    await lake.drop({ 'a.csv': one ?? '' }, 'shop.latest');
    const keys = await bronzeOf('shop.latest');
    expect(keys).toHaveLength(3);
    expect(keys.every(isSealed)).toBe(true);
    const texts = await Promise.all(keys.map(async (key) => JSON.stringify(await recordsOf(key))));
    expect(new Set(texts).size).toBe(2);
  });

  test('is unpacked first, and of an archive each file is one', async () => {
    const before = new Set(await bronzeOf('shop.orders'));
    const text = (n: number): string =>
      `${HEADER}\nz${n},60${n},packed${n}.plantedmail@x.example,,2026-10-05\n`;
    await lake.drop({
      'all.zip': storedZip({ 'part1.csv': text(1), 'part2.csv': text(2) }),
      'three.csv.gz': gzipSync(text(3)),
      'four.csv': Buffer.from(`\ufeff${text(4)}`, 'utf16le'),
      'five.csv': Buffer.from(text(5).replace('packed5', 'pack\xe9d5'), 'latin1'),
    });
    const keys = (await bronzeOf('shop.orders')).filter((key) => !before.has(key));
    const mails = await Promise.all(
      keys.map(async (key) => (await opened((await recordsOf(key))[1] ?? []))[2]),
    );
    expect(mails.sort()).toEqual(
      ['packed1', 'packed2', 'packed3', 'packed4', 'packéd5'].map((name) => `${name}.plantedmail@x.example`),
    );
    await expectNowhere('plantedmail');
  });

  test('of JSON Lines is CSV there, with what the contract does not know in a field of its own', async () => {
    const line = {
      order_no: 'j1',
      customer: 77,
      mail: 'json.plantedmail@x.example',
      note: null,
      ordered_on: '2026-10-05',
    };
    await lake.drop(
      { 'a.jsonl': `${JSON.stringify({ ...line, phone: 'plantedphone' })}\n{"broken": plantedbroken\n` },
      'shop.lines',
    );
    const [key = ''] = await bronzeOf('shop.lines');
    const [header, first = [], second = []] = await recordsOf(key);
    expect(header).toEqual([...HEADER.split(','), 'rescued']);
    expect((await opened(first)).slice(2)).toEqual([
      'json.plantedmail@x.example',
      '',
      '2026-10-05',
      '{"phone":"plantedphone"}',
    ]);
    expect((await opened(second))[0]).toBe('{"broken": plantedbroken');
    await expectNowhere('plantedphone', 'plantedbroken', 'plantedmail');
  });

  test('that can not be read stays where it is, whole, and the others go on', async () => {
    const before = await bronzeOf('shop.orders');
    const good = `${HEADER}\ng1,1,good@x.example,,2026-10-05\n`;
    const done = await tryFiles('shop.orders', {
      'no-header.csv': 'x\nplantedheader\n',
      'damaged.csv.gz': gzipSync(good).subarray(0, 40),
      'half.zip': storedZip({ 'a.csv': good.replace('g1', 'g2'), 'b.csv': 'order_no\nplantedorder\n' }),
      'good.csv': good,
    });
    const told = done.map((one) =>
      one.kind === 'failed' ? [one.error instanceof DataError, String(one.error)] : 'in',
    );
    expect(told).toEqual([
      [true, expect.stringMatching(/no-header\.csv was left where it is.*none of its first 3 lines/)],
      [true, expect.stringMatching(/damaged\.csv\.gz was left where it is.*gzip data is damaged/)],
      [true, expect.stringMatching(/half\.zip#b\.csv was left where it is/)],
      'in',
    ]);
    expect(await bronzeOf('shop.orders')).toHaveLength(before.length + 1);
    await expectNowhere('plantedheader', 'plantedorder');
  });

  test('in which a second table begins stays where it is: its values would be sealed, or left clear, under wrong names', async () => {
    const before = await bronzeOf('shop.latest');
    const [done] = await tryFiles('shop.latest', {
      'joined.csv':
        'order_no,customer,mail,note,ordered_on\n1,C-9,turned.round@example.org,-,2026-11-01\nordered_on,note,mail,customer,order_no\n2026-11-02,-,turned.twice@example.org,C-9,2\n',
    });
    expect(done).toMatchObject({
      kind: 'failed',
      error: { code: 'NOT_READABLE', message: expect.stringMatching(/joined\.csv .*record 2 is a header/) },
    });
    expect(await bronzeOf('shop.latest')).toEqual(before);
    await expectNowhere('turned.round@example.org', 'turned.twice@example.org');
  });

  test('with personal data in a column that stays clear stays where it is, and is told by counts alone', async () => {
    const [done] = await tryFiles('shop.watched', {
      'slip.csv':
        'order_no,customer,mail,remark,ordered_on\n1,C-9,a@b.example,call me.anywhere@example.org,2026-11-01\n2,C-9,,GB82 WEST 1234 5698 7654 32,2026-11-02\n',
    });
    expect(done).toMatchObject({ kind: 'failed', error: { code: 'PERSONAL_IN_CLEAR' } });
    const text = String((done as { readonly error?: unknown }).error);
    expect(text).toMatch(
      /column remark holds .*mail address in 1 value.*IBAN in 1 value|IBAN in 1 value.*mail address in 1 value/,
    );
    expect(text).not.toMatch(/anywhere|WEST/);
    expect(await bronzeOf('shop.watched')).toEqual([]);
    await expectNowhere('me.anywhere@example.org', 'GB82 WEST 1234');
  });

  test('that is sent to the service goes the same way', async () => {
    // More than what is held back before it is written.
    const lines = Array.from({ length: 8000 }, (_, n) => `u${n},90,sent.plantedmail@x.example,,2026-10-05\n`);
    const bytes = Buffer.from(`${HEADER}\n${lines.join('')}`);
    const seen: boolean[] = [];
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 300_000);
      yield bytes.subarray(300_000);
      const inScratch = [...(await everything())].filter(([name]) => name.includes('upload'));
      expect(inScratch.some(([, content]) => content.length >= 300_000)).toBe(true);
      seen.push([...(await everything()).values()].some((one) => one.includes('plantedmail')));
    }
    const added = await uploadIntake(lake.lake, 1e6).add('shop.orders', {
      name: 'sent.csv',
      bytes: slowly(),
    });
    expect(isSealed(added.key)).toBe(true);
    expect(seen).toEqual([false]);
    expect((await opened((await recordsOf(added.key))[1] ?? []))[2]).toBe('sent.plantedmail@x.example');
    await expectNowhere('plantedmail');
  });
});

test('a vault that does not open is told before anything is written, and the same files are taken later', async () => {
  const before = [...(await everything()).keys()].filter((name) => !name.startsWith('ops/'));
  const folder = path.dirname(lake.lake.root);
  const wrong = await openLake(lake.lake.root, {
    contractsDir: path.join(folder, 'contracts'),
    sqlDir: path.join(folder, 'sql'),
    vault: { folder: path.join(folder, 'vault'), key: 'ab'.repeat(32) },
  });
  const missing = await openLake(lake.lake.root, {
    contractsDir: path.join(folder, 'contracts'),
    sqlDir: path.join(folder, 'sql'),
    vault: { folder: path.join(folder, 'vault'), keyFile: path.join(folder, 'no-such-key') },
  });
  const none = await openLake(lake.lake.root, {
    contractsDir: path.join(folder, 'contracts'),
    sqlDir: path.join(folder, 'sql'),
    vault: { folder: path.join(folder, 'no-vault'), key: 'ab'.repeat(32) },
  });
  const contract = requireSourceContract(await loadContracts(effects().contracts), 'shop.orders');
  const file = path.join(folder, 'later.csv');
  await writeFile(file, `${HEADER}\nl1,1,later@x.example,,2026-10-05\n`);
  const codes: unknown[] = [];
  for (const other of [wrong, missing, none])
    await ingestFiles(other, contract, [{ file, links: 'refuse' }])
      .next()
      .catch((error: { code: string }) => codes.push(error.code));
  expect(codes).toEqual(['VAULT_KEY_WRONG', 'VAULT_KEY_MISSING', 'NO_VAULT']);
  expect([...(await everything()).keys()].filter((name) => !name.startsWith('ops/'))).toEqual(before);
  const { value } = await ingestFiles(lake.lake, contract, [{ file, links: 'refuse' }]).next();
  expect(value).toMatchObject({ kind: 'ingested', source: { existed: false } });
});

test('a file that was put into Bronze around protection is rejected, and nothing of it is published', async () => {
  const key = 'bronze/shop/around/ingest_date=2026-11-29/around.jsonl';
  await effects().objects.put(
    key,
    Buffer.from('{"order_no": "x1", "customer": 1, "ordered_on": "2026-10-05"}\n'),
  );
  await lake.run('shop.around');
  const files = await lake.rows('source_files', 'shop.around');
  expect(files.find((row) => String(row.source_file).endsWith('around.jsonl'))).toMatchObject({
    status: 'rejected',
    note: expect.stringMatching(/it is not protected, as its dataset is/),
  });
  await effects().objects.remove(key);
});
