import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { cellWorkers } from '../../adapters/local/cell-workers/cell-workers.ts';
import { startWorker } from '../../adapters/local/cell-workers/start-worker.ts';
import { createVault, openVault } from '../../adapters/local/vault/folder-vault.ts';
import { openFile } from '../../etl/csv/open-file.ts';
import type { OpeningJob, SealingJob } from '../../etl/privacy/cells/cell-job.ts';
import { CellWork, type CellWorkers } from '../../etl/privacy/cells/cell-work.ts';
import { SealingBatch } from '../../etl/privacy/cells/sealing-batch.ts';
import { protectedFile } from '../../etl/privacy/protect-file.ts';
import type { ProtectionPlan } from '../../etl/privacy/protection-plan.ts';
import { Sodium } from '../../etl/privacy/sodium.ts';
import type { Vault } from '../../etl/privacy/vault.ts';
import { memoryData, memoryScratch } from '../csv/memory-scratch.ts';
import { CONTRACT as SMALL } from '../csv/read-segments.ts';
import { headersOf, lying } from '../privacy/lying.ts';
import { tempFolder } from './temp-folder.ts';
import { placeOf } from './vault/support.ts';

const ARRIVED = new Date('2026-11-29T10:00:00Z');

let sodium: Sodium;
let vault: Vault;
let dispose: () => Promise<void>;
beforeAll(async () => {
  sodium = await Sodium.open();
  const temp = await tempFolder();
  dispose = temp.dispose;
  const place = placeOf({ folder: path.join(temp.folder, 'vault'), clock: { now: () => ARRIVED } });
  await createVault(place);
  vault = openVault(place);
});
afterAll(async () => {
  sodium.dispose();
  await dispose();
});

let open: CellWorkers[] = [];
let started: Worker[] = [];
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()));
  [open, started] = [[], []];
});

/** Workers on so many threads, each of which is kept an eye on. */
function workers(threads: number): CellWorkers {
  const openWorkers = cellWorkers(threads, () => {
    const worker = startWorker();
    started.push(worker);
    return worker;
  });
  const work = new CellWork(openWorkers, 0);
  open.push(work);
  return work;
}

const CONTRACT = { ...SMALL, limits: { ...SMALL.limits, maxRecordBytes: 1000 } };

const PLAN: ProtectionPlan = {
  dataset: 'test.records',
  subjects: [
    {
      ...{ kind: 'payer', place: 0 },
      column: { type: { kind: 'string' }, number: { decimal: '.', symbols: [], parentheses: false } },
    },
  ],
  cells: [
    { ...{ place: 0, name: 'id', group: 'who', as: 'pseudonym', subject: 0 }, isNull: (text) => text === '' },
    {
      ...{ place: 3, name: 'note', group: 'what', as: 'encrypted', subject: 0 },
      isNull: (text) => text === '',
    },
  ],
  dropped: [],
};

/** A file of more than one piece, which is 8 MiB. */
const FILE = Buffer.from(
  `id,paid_on,amount,note\n${Array.from({ length: 34_000 }, (_, n) => `p${(n * 7919) % 5_000},2026-11-01,${n}.00,${n % 100 === 0 ? '' : `note ${n} ${'of this and that '.repeat(1 + (n % 29))}`}\n`).join('')}`,
);

async function protect(work: Pick<CellWorkers, 'work'>): Promise<Buffer> {
  const options = { contract: CONTRACT, data: memoryData({ f: FILE }, 1 << 20), scratch: memoryScratch() };
  const opened = await openFile({ index: 0, key: 'f' }, options);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const parts: Buffer[] = [];
  const file = { name: 'f.csv', opened, plan: PLAN, contract: CONTRACT, dateFields: [], vault, sodium, work };
  for await (const part of protectedFile({ ...file, arrived: ARRIVED })) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

test('a file is protected to the same bytes, whatever the number of threads', async () => {
  expect(FILE.length).toBeGreaterThan(8 * 1024 * 1024);
  const here = await protect(workers(1));
  expect(started).toHaveLength(0);
  expect(here.toString().split('\n')).toHaveLength(34_002);
  for (const threads of [2, 3]) {
    expect((await protect(workers(threads))).equals(here)).toBe(true);
    expect(started.length).toBeGreaterThan(1);
    started = [];
  }
});

const HEADER = { column: 'aaaaaaaa', subject: 'b'.repeat(26), period: '202401' };

/** Work for a few seconds, in jobs. */
function longWork(work: CellWorkers): Promise<unknown> {
  const [subjectKey, periodKey] = [randomBytes(32), randomBytes(32)];
  const batch = new SealingBatch(work);
  const text = 'x'.repeat(200);
  for (let n = 0; n < 200_000; n++) batch.add({ header: HEADER, text, subjectKey, periodKey });
  return batch.sealed();
}

test('a thread that is killed fails the work at once, and the next work is done', async () => {
  const work = workers(2);
  const failing = longWork(work);
  failing.catch(() => undefined);
  while (started.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await started[0]?.terminate();
  await expect(failing).rejects.toMatchObject({ name: 'TransientError', code: 'WORKER_ENDED' });
  const again = new SealingBatch(work);
  again.add({ header: HEADER, text: 'x', subjectKey: randomBytes(32), periodKey: randomBytes(32) });
  expect((await again.sealed()).text(0)).toMatch(/^~1\.aaaaaaaa\./);
});

test('what work throws on a thread comes back as it was thrown, and the thread goes on', async () => {
  const work = workers(2);
  const secrets = () => ({
    ...{ subjectKeys: new Uint8Array(32), periodKeys: new Uint8Array(32) },
    ...{ subjects: new Int32Array(1), periods: new Int32Array(1) },
  });
  // Its buffer can be handed over, and nothing can be read from it.
  const job = (): OpeningJob => ({
    ...{ kind: 'open', secrets: secrets() },
    texts: { ...lying(new Uint8Array(1)), lengths: { buffer: new ArrayBuffer(4) } as never },
  });
  const cipherSays = await new CellWork(undefined).work(job()).catch((error: unknown) => error);
  expect(cipherSays).toMatchObject({ name: 'TypeError' });
  await expect(work.work(job())).rejects.toMatchObject({ name: 'TypeError' });
  const whole: SealingJob = {
    ...{ kind: 'seal', headers: headersOf(HEADER), secrets: secrets() },
    texts: lying(new Uint8Array(3)),
  };
  expect((await work.work(whole)).ends).toHaveLength(1);
});

test('the npm package has the file of the threads', () => {
  const { include } = JSON.parse(
    readFileSync(path.join(import.meta.dirname, '../../tsconfig.build.json'), 'utf8'),
  );
  expect(include).toContain('adapters/local/cell-workers/worker.ts');
});

test('closed workers leave nobody waiting, and no thread', async () => {
  const work = workers(2);
  const failing = longWork(work);
  failing.catch(() => undefined);
  while (started.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await work.close();
  await expect(failing).rejects.toMatchObject({ code: 'WORKER_ENDED' });
  for (const worker of started) expect(worker.threadId).toBe(-1);
});
