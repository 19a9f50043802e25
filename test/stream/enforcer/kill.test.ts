import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { assay, startAssay } from '../../cli/assay.ts';
import { order } from '../gates/judging.ts';

const KILLS = Number(process.env.ENFORCE_KILLS ?? 12);
const [PARTITIONS, EVENTS] = [30, 60];
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

/** Every line below a folder of the lake, parsed. */
async function linesUnder(folder: string): Promise<Record<string, unknown>[]> {
  const names = await readdir(path.join(cwd, 'lake', folder), { recursive: true }).catch(() => []);
  const texts = await Promise.all(
    names
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => readFile(path.join(cwd, 'lake', folder, name), 'utf8')),
  );
  return texts
    .flatMap((text) => text.split('\n').filter(Boolean))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
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
  const began = performance.now();
  expect((await assay(args('warm.jsonl'), { cwd })).code).toBe(1);
  const wholeMs = performance.now() - began;
  let midway = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const topicId = `kill-${kill}`;
    await writeFile(path.join(cwd, 'events.jsonl'), events(topicId));
    const child = startAssay(args('events.jsonl'), { cwd });
    const ended = new Promise<NodeJS.Signals | null>((resolve) =>
      child.on('close', (_, signal) => resolve(signal)),
    );
    setTimeout(() => child.kill('SIGKILL'), wholeMs * (0.3 + (0.7 * kill) / KILLS));
    await ended;
    const before = (await linesUnder('bronze')).filter((line) => line.topicId === topicId).length;
    if (before > 0 && before < PARTITIONS * EVENTS) midway++;
    expect((await assay(args('events.jsonl'), { cwd })).code).toBe(1);
  }
  const all = ['warm', ...Array.from({ length: KILLS }, (_, n) => `kill-${n}`)].flatMap((topicId) =>
    Array.from(
      { length: PARTITIONS * EVENTS },
      (_, n) => `${topicId} ${Math.floor(n / EVENTS)} ${n % EVENTS}`,
    ),
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
