import { appendFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { until as untilSo } from '../support/until.ts';
import { startAssay } from './assay.ts';
import { runMain, runMainJson } from './run-main.ts';
import { RunsJson, WatchEventJson } from './shapes.ts';
import { goodSales, openShop } from './shop.ts';

type Event = z.infer<typeof WatchEventJson>;

let shop: Awaited<ReturnType<typeof openShop>>;
beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop.dispose());

/** A watch under way; its events arrive in `events`. */
function startWatch(settle: string) {
  const child = startAssay(['watch', '--drop', 'drop', '--settle', settle, '--json'], shop);
  const events: Event[] = [];
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  createInterface({ input: child.stdout }).on('line', (line) =>
    events.push(WatchEventJson.parse(JSON.parse(line))),
  );
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  const until = async (what: string, isDone: (event: Event) => boolean): Promise<Event> => {
    const isThere = (): boolean => events.some(isDone) || child.exitCode !== null;
    await untilSo(what, isThere, () => `There were ${JSON.stringify(events)}; ${err}`);
    const found = events.find(isDone);
    if (found === undefined) throw new Error(`It ended before ${what}: ${JSON.stringify(events)}; ${err}`);
    return found;
  };
  const stop = async (): Promise<number | null> => {
    child.kill('SIGINT');
    return await closed;
  };
  return { events, until, stop };
}

const isPromoted = (event: Event): boolean => event.event === 'run' && event.run.status === 'promoted';

test('files there at start, and one that is written slowly, are taken whole; others are reported and left', async () => {
  await shop.write('drop/shop/sales/early.csv', goodSales(1, 3));
  await shop.write('drop/stray.csv', goodSales(1, 3));
  await shop.write('drop/no/contract/a.csv', goodSales(1, 3));
  // By its first bytes, whatever its name says.
  await shop.write('drop/shop/sales/scan.csv', '%PDF-1.7\n1 0 obj\n');
  // Written for longer than that, with pauses that stay far shorter on a busy machine, too.
  const watch = startWatch('1.5');
  await watch.until('the first run is promoted', isPromoted);
  const slow = await shop.write('drop/shop/sales/slow.csv', '');
  for (const piece of goodSales(4, 8).match(/.{1,12}/gs) ?? []) {
    await appendFile(slow, piece);
    await sleep(120);
  }
  await shop.write('drop/shop/sales/unfinished.csv.part', goodSales(9, 9));
  const last = await watch.until(
    'slow.csv is promoted',
    (event) =>
      isPromoted(event) &&
      event.event === 'run' &&
      event.run.files.some(({ key }) => key.endsWith('/slow.csv')),
  );
  expect(last).toMatchObject({ run: { counts: { records: 5, silver: 5 } } });
  const refused = watch.events.flatMap((event) =>
    event.event === 'refused' ? [[path.basename(event.file), event.error.code]] : [],
  );
  expect(refused.sort()).toEqual([
    ['a.csv', 'NO_CONTRACT'],
    ['scan.csv', 'OTHER_KIND'],
    ['stray.csv', 'DROP_PATH'],
  ]);
  const ingested = watch.events.flatMap((event) =>
    event.event === 'ingested' ? [path.basename(event.file)] : [],
  );
  expect(ingested).toEqual(['early.csv', 'slow.csv']);
  expect(await watch.stop()).toBe(0);
  expect(watch.events.at(-1)?.event).toBe('stopped');
  expect(await readdir(path.join(shop.cwd, 'drop/shop/sales'))).toEqual([
    'early.csv',
    'scan.csv',
    'slow.csv',
    'unfinished.csv.part',
  ]);
  expect(
    JSON.stringify(await readdir(path.join(shop.cwd, 'lake/bronze'), { recursive: true })),
  ).not.toContain('scan');

  const again = await runMain(['watch', '--drop', 'drop', '--once', '--settle', '0.1'], shop);
  expect(again.code).toBe(2);
  expect(again.out.match(/already there/g)).toHaveLength(2);
  expect(RunsJson.parse((await runMainJson(['runs'], shop)).json)).toHaveLength(2);
});

test('what was ingested before the watch is run by its sweep', async () => {
  await shop.write('drop/readme.txt', 'ignored elsewhere');
  await runMain(['ingest', await shop.write('a.csv', goodSales(1, 3)), '--dataset', 'shop.sales'], shop);
  const watch = startWatch('0.5');
  const promoted = await watch.until('what was ingested is promoted', isPromoted);
  expect(promoted).toMatchObject({ run: { counts: { silver: 3 } } });
  expect(await watch.stop()).toBe(0);
});

test('a drop folder that is missing, or in the lake, is refused', async () => {
  expect((await runMain(['watch', '--drop', 'drop', '--once'], shop)).err).toContain('is not a folder');
  expect((await runMain(['watch', '--drop', 'lake', '--once'], shop)).err).toContain('lies in the lake');
});
