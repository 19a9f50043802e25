import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { assay, startAssay } from '../../cli/assay.ts';
import { order } from '../gates/judging.ts';

const KILLS = Number(process.env.ENFORCE_KILLS ?? 12);
const [PARTITIONS, EVENTS] = [30, 60];
const ALL = PARTITIONS * EVENTS;
/** So many more kills are tried where none has hit the middle of landing, as a busy machine is slow to see it. */
const MORE = 5;
const CONTRACTS = path.resolve('examples/orders/contracts');

let [cwd, dispose]: [string, () => Promise<void>] = ['', async () => undefined];
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
});
afterAll(() => dispose());

/** Events of many partitions, some wrong, some of another type. */
function events(topicId: string): string {
  const lines: string[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++)
    for (let offset = 0; offset < EVENTS; offset++) {
      const value = order(
        { order_id: `o-${partition}${offset}`, ...(offset % 5 === 0 ? { total: -1 } : {}) },
        offset % 7 === 0 ? { type: 'orders.order.shipped' } : {},
      ).toString();
      lines.push(
        `{"topic":"raw.orders.events","topicId":"${topicId}","partition":${partition},"offset":${offset},"value":${value}}`,
      );
    }
  return `${lines.join('\n')}\n`;
}

/** The files of lines below a folder of the lake. */
async function filesUnder(folder: string): Promise<string[]> {
  const names = await readdir(path.join(cwd, 'lake', folder), { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith('.jsonl'));
}

/** Every line below a folder of the lake, parsed; files that are already `known` are left out. */
async function linesUnder(folder: string, known?: ReadonlySet<string>): Promise<Record<string, unknown>[]> {
  const names = (await filesUnder(folder)).filter((name) => !known?.has(name));
  const texts = await Promise.all(
    names.map((name) => readFile(path.join(cwd, 'lake', folder, name), 'utf8')),
  );
  return texts
    .flatMap((text) => text.split('\n').filter(Boolean))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Kills a process as soon as `landed` says so, if it still runs; resolves when it has ended. */
async function killAt(child: ReturnType<typeof startAssay>, landed: () => Promise<boolean>): Promise<void> {
  let ended = false;
  const end = new Promise<void>((resolve) =>
    child.on('close', () => {
      ended = true;
      resolve();
    }),
  );
  while (!ended && !(await landed())) await setTimeout(2);
  child.kill('SIGKILL');
  await end;
}

test('killed again and again, and started once more, each event is in Bronze once and has its evidence once', async () => {
  await assay(['init', '--lake', 'lake'], { cwd });
  await writeFile(
    path.join(cwd, 'rules.yaml'),
    'rules: [{ source_type: EVENT_TYPE, source_value: orders.order.created, dataset_urn: urn:dp:orders:created, resolution_confidence: HIGH }]\n',
  );
  const args = (file: string) => [
    ...['enforce', '--from', file, '--topic', 'raw.orders.events', '--policies', '.', '--no-run'],
    ...['--contracts', CONTRACTS, '--json'],
  ];
  await writeFile(path.join(cwd, 'warm.jsonl'), events('warm'));
  expect((await assay(args('warm.jsonl'), { cwd })).code).toBe(1);
  let midway = 0;
  let kills = 0;
  for (; kills < KILLS || (midway === 0 && kills < MORE * KILLS); kills++) {
    const [kill, wanted] = [kills, 1 + Math.floor(((kills % KILLS) * ALL) / KILLS)];
    const topicId = `kill-${kill}`;
    await writeFile(path.join(cwd, 'events.jsonl'), events(topicId));
    const known = new Set(await filesUnder('bronze'));
    const landed = async () => (await linesUnder('bronze', known)).length;
    await killAt(startAssay(args('events.jsonl'), { cwd }), async () => (await landed()) >= wanted);
    const before = await landed();
    if (before > 0 && before < ALL) midway++;
    expect((await assay(args('events.jsonl'), { cwd })).code).toBe(1);
  }
  const all = ['warm', ...Array.from({ length: kills }, (_, n) => `kill-${n}`)].flatMap((topicId) =>
    Array.from({ length: ALL }, (_, n) => `${topicId} ${Math.floor(n / EVENTS)} ${n % EVENTS}`),
  );
  const landed = [...(await linesUnder('bronze')), ...(await linesUnder('ops/streams/apart'))];
  expect(landed.map(({ topicId, partition, offset }) => `${topicId} ${partition} ${offset}`).sort()).toEqual(
    all.sort(),
  );
  const evidence = await linesUnder('ops/evidence');
  const places = evidence.map(({ source }) => {
    const { topic_id, partition, offset } = source as Record<string, unknown>;
    return `${topic_id} ${partition} ${offset}`;
  });
  expect(places.sort()).toEqual(all);
  expect(new Set(evidence.map(({ evidence_id }) => evidence_id)).size).toBe(all.length);
  // Some kills hit it in the middle of landing.
  expect(midway).toBeGreaterThan(0);
}, 1_800_000);
