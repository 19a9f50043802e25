import * as disk from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { Vault } from '../../etl/privacy/vault.ts';
import { contractText } from '../stages/contract-text.ts';
import { StillDisk } from './still-disk.ts';

const still = new StillDisk();
const change = <T>(apply: () => Promise<T>): Promise<T> => still.change(apply);

// The adapters get Node's own functions; those that change the disk are only counted.
jest.unstable_mockModule('node:fs/promises', () => ({
  ...disk,
  link: (from: string, to: string) => change(() => disk.link(from, to)),
  unlink: (file: string) => change(() => disk.unlink(file)),
  rename: (from: string, to: string) => change(() => disk.rename(from, to)),
  mkdir: (folder: string, options: object) => change(() => disk.mkdir(folder, options)),
  writeFile: (file: string, text: string, options: object) =>
    change(() => disk.writeFile(file, text, options)),
  open: async (file: string, flags: string, mode?: number) => {
    if (flags !== 'wx') return await disk.open(file, flags, mode);
    const handle = await change(() => disk.open(file, flags, mode));
    const { writeFile } = handle;
    return Object.assign(handle, {
      writeFile: (bytes: Uint8Array) => change(() => writeFile.call(handle, bytes)),
    });
  },
}));
const { initLake, openLake } = await import('../../adapters/local/lake.ts');
const { ingestFiles } = await import('../../adapters/local/ingest-files.ts');
const { createVault } = await import('../../adapters/local/vault/folder-vault.ts');
const { vaultPlace } = await import('../../adapters/local/vault/vault-place.ts');
const { loadContracts, requireSourceContract } = await import('../../etl/contract/load-contracts.ts');
const { openCells } = await import('../../etl/privacy/open-cells.ts');
const { Sodium } = await import('../../etl/privacy/sodium.ts');
const { tempFolder } = await import('../adapters/temp-folder.ts');

const CONTRACT = contractText({
  dataset: 'shop.orders',
  columns: [
    { name: 'order_no', key: true },
    {
      name: 'customer',
      required: true,
      classification: 'personal',
      assay: { protect: { as: 'pseudonym', group: 'ids' } },
    },
    { name: 'mail', classification: 'personal', assay: { protect: { as: 'encrypted', group: 'contact' } } },
    { name: 'ordered_on', type: 'date', required: true },
  ],
  partitionColumn: 'ordered_on',
  assay: { subject: { column: 'customer', kind: 'customer' } },
});
const HEADER = 'order_no,customer,mail,ordered_on';
/** The second file has somebody new, a month that is new, and a record that can't be parsed. */
const SOURCES = {
  'one.csv': [HEADER, 'o1,1,ann@x.example,2026-10-01', ''],
  'two.csv': [HEADER, 'o2,2,ben@x.example,2026-11-01', 'o3,1,ann@x.example,2026-10-01', 'broken', ''],
} as const;
const KEY = 'ab'.repeat(32);
/** What Bronze says, envelopes opened and references left out. */
const EXPECTED = [
  ['broken|too few fields|1 field of 4|1|', 'o2|ben@x.example|2026-11-01', 'o3|ann@x.example|2026-10-01'],
  ['o1|ann@x.example|2026-10-01'],
];

let folder: string;
let dispose: () => Promise<void>;
let sodium: Awaited<ReturnType<typeof Sodium.open>>;
beforeAll(async () => {
  ({ folder, dispose } = await tempFolder());
  sodium = await Sodium.open();
  await disk.mkdir(path.join(folder, 'contracts'));
  await disk.writeFile(path.join(folder, 'contracts', 'orders.yaml'), CONTRACT);
  for (const [name, lines] of Object.entries(SOURCES))
    await disk.writeFile(path.join(folder, name), lines.join('\n'));
});
afterEach(() => {
  still.standsStillAt = Number.POSITIVE_INFINITY;
});
afterAll(async () => {
  sodium.dispose();
  await dispose();
});

const open = (name: string) =>
  openLake(path.join(folder, name, 'lake'), {
    contractsDir: path.join(folder, 'contracts'),
    sqlDir: path.join(folder, 'sql'),
    vault: { folder: path.join(folder, name, 'vault'), key: KEY },
  });

/** A lake with an empty vault. */
async function makePlace(name: string): Promise<void> {
  await disk.mkdir(path.join(folder, name));
  await initLake(path.join(folder, name, 'lake'));
  const { root, effects } = await open(name);
  await createVault(vaultPlace(root, effects, { folder: path.join(folder, name, 'vault'), key: KEY }));
}

/** A copy of the empty one: making each anew would wait for the disk again and again. */
async function newPlace(name: string): Promise<void> {
  await disk.cp(path.join(folder, 'empty'), path.join(folder, name), { recursive: true });
  still.begun = 0;
}

/** Ingests the sources until the end or until the machine stands still. */
async function ingest(name: string): Promise<void> {
  const lake = await open(name);
  const contract = requireSourceContract(await loadContracts(lake.effects.contracts), 'shop.orders');
  const files = Object.keys(SOURCES).map((one) => ({
    file: path.join(folder, one),
    links: 'refuse' as const,
  }));
  await still.under(async () => {
    for await (const done of ingestFiles(lake, contract, files)) if (done.kind === 'failed') throw done.error;
  });
}

/** Each file of Bronze as its records say, opened by the vault as it is on the disk. */
async function bronze(name: string): Promise<string[][]> {
  const { effects } = await open(name);
  const opener = openCells({ vault: effects.vault as Vault, sodium });
  const files: string[][] = [];
  for (const { key } of await effects.objects.list('bronze/')) {
    const stored = await effects.objects.get(key);
    const rows: string[][] = parse(Buffer.from(stored?.body ?? []), { relax_column_count: true, from: 2 });
    const records = [];
    for (const row of rows) {
      const found = await opener(row);
      const texts = row.flatMap((text, n) => {
        const cell = found[n];
        if (cell?.kind === 'clear') return [cell.text];
        return /^[a-z2-7]{26}$/.test(text) ? [] : [cell?.kind === 'plain' ? text : `<${cell?.kind}>`];
      });
      records.push(texts.join('|'));
    }
    files.push(records.sort());
  }
  return files.sort();
}

test('a machine that stops at any change of the disk has no file in Bronze whose envelopes do not open; a repeat completes it', async () => {
  await makePlace('empty');
  await newPlace('whole');
  await ingest('whole');
  const steps = still.begun;
  expect(await bronze('whole')).toEqual(EXPECTED);
  expect(steps).toBeGreaterThan(60);
  let withOne = 0;
  const all = Array.from({ length: steps }, (_, n) => n + 1);
  const some = all.filter((step) => step < 6 || step % 9 === 6);
  // The others until one stops it between the two files: which those are is not the same each time.
  for (const step of [...some, ...all.filter((one) => !some.includes(one))]) {
    if (withOne > 0 && !some.includes(step)) break;
    await newPlace(`place-${step}`);
    still.standsStillAt = step;
    await ingest(`place-${step}`);
    still.standsStillAt = Number.POSITIVE_INFINITY;
    // Under another path, where what stands still writes no more; as a process that died it has no turn.
    const again = `again-${step}`;
    await disk.rename(path.join(folder, `place-${step}`), path.join(folder, again));
    await disk.rm(path.join(folder, again, 'vault', 'turns'), { recursive: true, force: true });
    const left = await bronze(again);
    expect({
      step,
      left: left.filter((file) => !EXPECTED.some((one) => one.join() === file.join())),
    }).toEqual({
      step,
      left: [],
    });
    if (left.length === 1) withOne++;
    await ingest(again);
    expect({ step, bronze: await bronze(again) }).toEqual({ step, bronze: EXPECTED });
    await disk.rm(path.join(folder, again), { recursive: true });
  }
  // It did stop between the two files.
  expect(withOne).toBeGreaterThan(0);
});
