import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { startAssay } from '../../cli/assay.ts';
import { runMain } from '../../cli/run-main.ts';
import { order } from '../gates/judging.ts';

/** Each enforcer comes about so many changes of the lake further than the one before, and is killed there. */
const FURTHER = Number(process.env.ENFORCE_KILL_FURTHER ?? 11);
const [PARTITIONS, EVENTS] = [8, 40];
const ALL = PARTITIONS * EVENTS;
const CONTRACTS = path.resolve('examples/orders/contracts');
const DIE_AT_CHANGE = pathToFileURL(path.resolve('test/support/die-at-change.mjs')).href;

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

const ARGS = [
  ...['enforce', '--from', 'events.jsonl', '--topic', 'raw.orders.events', '--policies', '.', '--no-run'],
  ...['--contracts', CONTRACTS, '--json'],
];

/** Enforces in a process that is killed before its n-th change of the lake, if it makes so many: how it ended. */
async function enforceUntil(
  change: number,
): Promise<{ code: number | null; signal: string | null; err: string }> {
  const child = startAssay(ARGS, {
    cwd,
    env: { NODE_OPTIONS: `--import ${DIE_AT_CHANGE}`, DIE_AT_CHANGE: String(change) },
  });
  let err = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return await new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, err })));
}

test('killed again and again on its way, and started once more, each event is in Bronze once and has its evidence once', async () => {
  await runMain(['init', '--lake', 'lake'], { cwd });
  await writeFile(
    path.join(cwd, 'rules.yaml'),
    'rules: [{ source_type: EVENT_TYPE, source_value: orders.order.created, dataset_urn: urn:dp:orders:created, resolution_confidence: HIGH }]\n',
  );
  await writeFile(path.join(cwd, 'events.jsonl'), events('killed'));
  const kills: { evidence: number; bronze: number }[] = [];
  for (;;) {
    // Before a file is made now, then before it is written, named, or told of: those take turns.
    const ended = await enforceUntil(1 + kills.length * FURTHER);
    if (ended.signal === null) {
      expect(ended).toMatchObject({ code: 1, err: '' });
      break;
    }
    expect(ended).toMatchObject({ signal: 'SIGKILL', err: '' });
    kills.push({
      evidence: (await linesUnder('ops/evidence')).length,
      bronze: (await linesUnder('bronze')).length,
    });
  }
  const isMidway = (count: number): boolean => count > 0 && count < ALL;
  // Some hit it while it kept evidence, some while it landed.
  expect(kills.filter(({ evidence }) => isMidway(evidence)).length).toBeGreaterThan(2);
  expect(kills.filter(({ evidence, bronze }) => evidence === ALL && isMidway(bronze)).length).toBeGreaterThan(
    2,
  );
  expect(await enforceUntil(Number.POSITIVE_INFINITY)).toMatchObject({ signal: null, err: '' });

  const all = Array.from({ length: ALL }, (_, n) => `killed ${Math.floor(n / EVENTS)} ${n % EVENTS}`).sort();
  const landed = [...(await linesUnder('bronze')), ...(await linesUnder('ops/streams/apart'))];
  expect(landed.map(({ topicId, partition, offset }) => `${topicId} ${partition} ${offset}`).sort()).toEqual(
    all,
  );
  const evidence = await linesUnder('ops/evidence');
  const places = evidence.map(({ source }) => {
    const { topic_id, partition, offset } = source as Record<string, unknown>;
    return `${topic_id} ${partition} ${offset}`;
  });
  expect(places.sort()).toEqual(all);
  expect(new Set(evidence.map(({ evidence_id }) => evidence_id)).size).toBe(all.length);
}, 1_800_000);
