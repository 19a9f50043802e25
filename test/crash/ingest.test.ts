import * as disk from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { StillDisk } from './still-disk.ts';

/** Two of one name, two of the same bytes; the third is larger than what is remembered of a digest is worth. */
const SOURCES = [
  ['one/a.csv', 'a\n1\n'],
  ['two/a.csv', 'a\n2\n'],
  ['two/b.csv', `b\n${'x'.repeat(70_000)}\n`],
  ['one/c.csv', 'c\n1\n'],
  ['two/c.csv', 'c\n1\n'],
] as const;

/** A change of the disk: what was done to which path. */
type Change = readonly [what: string, file: string, other?: string];

let log: Change[] = [];
/** Whether a file was begun since the lake was made. */
let hasBegun = false;
const still = new StillDisk();

/** Lets a change happen, and notes it once it has, unless the disk stands still. */
const change = <T>(noted: Change, apply: () => Promise<T>): Promise<T> =>
  still.change(async () => {
    const result = await apply();
    log.push(noted);
    return result;
  });

// The adapters get Node's own functions; those that change the disk are only counted.
jest.unstable_mockModule('node:fs/promises', () => ({
  ...disk,
  link: (from: string, to: string) => change(['link', from, to], () => disk.link(from, to)),
  unlink: (file: string) => change(['unlink', file], () => disk.unlink(file)),
  rename: (from: string, to: string) => change(['rename', from, to], () => disk.rename(from, to)),
  mkdir: (folder: string, options: object) => change(['mkdir', folder], () => disk.mkdir(folder, options)),
  open: async (file: string, flags: string, mode?: number) => {
    const isNew = flags === 'wx';
    // The first file is the last to be copied: it is the first to come all the same.
    const isFirst = isNew && !hasBegun;
    hasBegun ||= isNew;
    if (isFirst) await new Promise((resolve) => setTimeout(resolve, 5));
    const open = () => disk.open(file, flags, mode);
    const handle = isNew ? await change(['create', file], open) : await open();
    const { sync, writeFile } = handle;
    return Object.assign(handle, {
      sync: () => change(['sync', file], () => sync.call(handle)),
      writeFile: (bytes: Uint8Array) => change(['write', file], () => writeFile.call(handle, bytes)),
    });
  },
}));
const { initLake, openLake } = await import('../../adapters/local/lake.ts');
const { ingestFiles } = await import('../../adapters/local/ingest-files.ts');
const { loadContracts, requireSourceContract } = await import('../../etl/contract/load-contracts.ts');
const { tempFolder } = await import('../adapters/temp-folder.ts');

let folder: string;
let dispose: () => Promise<void>;
let files: string[];
beforeEach(async () => {
  still.standsStillAt = Number.POSITIVE_INFINITY;
  ({ folder, dispose } = await tempFolder());
  files = SOURCES.map(([name]) => path.join(folder, 'in', name));
  for (const [n, [, text]] of SOURCES.entries()) {
    await disk.mkdir(path.dirname(files[n] ?? ''), { recursive: true });
    await disk.writeFile(files[n] ?? '', text);
  }
});
afterEach(() => {
  still.standsStillAt = Number.POSITIVE_INFINITY;
  return dispose();
});

/** Ingests the sources into a lake until the end or until the machine stands still; the keys that were reported. */
async function ingest(lakeDir: string): Promise<string[]> {
  const lake = await openLake(lakeDir, { contractsDir: 'contracts', sqlDir: 'sql/gold' });
  const loaded = await loadContracts(lake.effects.contracts);
  const contract = requireSourceContract(loaded, 'spend.council_payments');
  const reported: string[] = [];
  await still.under(async () => {
    for await (const done of ingestFiles(
      lake,
      { ...contract, duplicates: 'condemn' },
      files.map((file) => ({ file, links: 'refuse' as const })),
    )) {
      if (done.kind === 'failed') throw done.error;
      reported.push(done.source.key);
      log.push(['reported', path.join(lakeDir, done.source.key)]);
    }
  });
  return reported;
}

/** Every file of Bronze and what is in it, without the folder of the day. */
async function bronze(lakeDir: string): Promise<Record<string, string>> {
  const root = path.join(lakeDir, 'bronze');
  const names = await disk.readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const found: Record<string, string> = {};
  for (const entry of names.filter((one) => one.isFile()).sort((a, b) => (a.name < b.name ? -1 : 1)))
    found[entry.name] = await disk.readFile(path.join(entry.parentPath, entry.name), 'utf8');
  return found;
}

/** A lake of its own, and the changes that making it took forgotten. */
async function newLake(name: string): Promise<string> {
  const lakeDir = path.join(folder, name);
  await initLake(lakeDir);
  [log, still.begun, hasBegun] = [[], 0, false];
  return lakeDir;
}

describe('an ingest of several files at once', () => {
  test('that stops at any change of the disk has left no half file, and what it reported; a repeat completes it', async () => {
    const whole = await newLake('whole');
    const keys = await ingest(whole);
    const expected = await bronze(whole);
    const steps = still.begun;
    expect(steps).toBeGreaterThan(25);
    expect(Object.keys(expected)).toEqual([
      'a.csv',
      expect.stringMatching(/^a~\w{8}\.csv$/),
      'b.csv',
      'c.csv',
    ]);
    expect(expected['a.csv']).toBe(SOURCES[0][1]);
    expect(keys.map((key) => path.basename(key))).toEqual([...Object.keys(expected), 'c.csv']);
    for (let step = 1; step <= steps; step++) {
      const lakeDir = await newLake(`lake-${step}`);
      still.standsStillAt = step;
      const reported = await ingest(lakeDir);
      const left = await bronze(lakeDir);
      for (const key of reported) expect(left).toHaveProperty([path.basename(key)]);
      expect(expected).toMatchObject(left);
      still.standsStillAt = Number.POSITIVE_INFINITY;
      // Under another path: in this one the process that stands still waits for its folders.
      const again = `${lakeDir}-again`;
      await disk.rename(lakeDir, again);
      expect(await ingest(again)).toEqual(keys);
      expect({ step, ...(await bronze(again)) }).toEqual({ step, ...expected });
      await disk.rm(again, { recursive: true });
    }
  });

  test('reports a file when its bytes and then its name are on the disk, and links no file before its bytes are', async () => {
    const lakeDir = await newLake('lake');
    await ingest(lakeDir);
    const at = (what: string, file: string, from = 0): number => {
      const place = log.findIndex(([does, on], n) => n >= from && does === what && on === file);
      expect({ what, file, place }).not.toMatchObject({ place: -1 });
      return place;
    };
    const links = log.flatMap(([what, from, to], n) =>
      what === 'link' && to !== undefined ? [{ from, to, n }] : [],
    );
    expect(links).toHaveLength(4);
    for (const { from, to, n } of links) {
      expect(at('write', from)).toBeLessThan(at('sync', from));
      expect(at('sync', from)).toBeLessThan(n);
      expect(at('sync', path.dirname(to), n)).toBeLessThan(at('reported', to));
    }
    // The folders on the way are made, and their names on the disk, before any file is reported.
    const day = path.dirname(links[0]?.to ?? '');
    for (let made = day; made !== lakeDir; made = path.dirname(made)) {
      expect(at('sync', path.dirname(made))).toBeLessThan(log.findIndex(([what]) => what === 'reported'));
    }
  });
});
