import { beforeAll, describe, expect, test } from '@jest/globals';
import { type Finished, assay as runAssay } from '../cli/assay.ts';
import { person } from './support/person.ts';
import { connect, type Platform } from './support/platform.ts';
import { ROOT } from './support/python.ts';
import { readTables } from './support/read-tables.ts';
import { addPerson, openWindow, type ServiceWindow } from './support/service-client.ts';

/** Projections as they are deployed: folded by refresh-gold's function in its own role, found in Glue, asked by people and programs. */

const EVENTS = 'baskets.events';
/** So that the tests can be tried again on a platform that is kept. */
const TAG = Date.now().toString(36);

let platform: Platform;
let operator: Record<string, string>;
let analyst: Record<string, string>;
let ann: ServiceWindow;
beforeAll(async () => {
  platform = await connect('projections');
  operator = await person('projections-operator', ['operator', 'operator-query']);
  analyst = await person('projections-analyst', ['analyst']);
  const { outputs } = platform.session;
  ann = await openWindow(outputs, await addPerson(outputs, `ann-${TAG}@example.org`, ['analyst', 'steward']));
});

interface Happened {
  readonly basket: string;
  readonly n: number;
  readonly kind: string;
  readonly price?: string;
}
const cup = (basket: string, n: number, price: string): Happened => ({
  ...{ basket: `${basket}-${TAG}`, n, price },
  kind: 'added',
});

/** A file of events, each an hour of its basket's first day. */
const fileOf = (events: readonly Happened[]): string =>
  [
    'basket,n,event,happened,kind,item,price',
    ...events.map(
      ({ basket, n, kind, price = '' }) =>
        `${basket},${n},${basket}-${n},2024-05-06T${String(n).padStart(2, '0')}:00:00Z,${kind},a secret cup,${price}`,
    ),
    '',
  ].join('\n');

const assay = (env: Record<string, string>, ...args: string[]): Promise<Finished> =>
  runAssay([...args, '--target', 'aws'], { cwd: ROOT, env });

async function json<T>(env: Record<string, string>, ...args: string[]): Promise<T> {
  const { code, out, err } = await assay(env, ...args, '--json');
  if (code !== 0) throw new Error(`assay ${args.join(' ')} ended with ${code}: ${out}${err}`);
  return JSON.parse(out) as T;
}

interface Answer {
  readonly state: { readonly total: string; readonly items: number } | null;
  readonly asOf: { readonly snapshot: number; readonly code: string };
  readonly events: number;
  readonly trace?: readonly { readonly id: string }[];
}
const stream = (basket: string, ...more: string[]): Promise<Answer> =>
  json(operator, 'project', 'baskets.totals', '--stream', `${basket}-${TAG}`, ...more);

/** The rows that Glue's table leads to, as PyIceberg reads them. */
async function published(): Promise<string[]> {
  const rows = ['basket', 'items', 'total', '_stream_version'];
  const [read] = await readTables(platform.session, [
    { table: platform.glueName('projection', 'baskets.totals'), rows },
  ]);
  return (read?.rows ?? [])
    .map((row) => rows.map((name) => String(row[name])).join(' '))
    .filter((row) => row.includes(TAG))
    .sort();
}

let first: Answer;
const FIRST = [cup('b1', 1, '4.50'), cup('b1', 3, '7.20'), cup('b2', 1, '0.10'), cup('b2', 2, '0.20')];

describe('events that are dropped', () => {
  test('are folded by the function, and Glue leads every reader to the rows', async () => {
    const [record] = await platform.dropAndSettle(EVENTS, { [`first-${TAG}.csv`]: fileOf(FIRST) });
    expect(record?.status).toBe('promoted');
    expect(await published()).toEqual([`b1-${TAG} 2 11.70 3`, `b2-${TAG} 2 0.30 2`]);
    const pointer = await platform.pointer('projection', 'baskets.totals');
    const { metadataLocation } = await platform.glueTable('projection', 'baskets.totals');
    expect(metadataLocation).toBe(pointer?.tables.projection?.metadata_location);
  });

  test('are asked for by the command: now, at a moment, with what led there', async () => {
    first = await stream('b1', '--trace');
    expect(first).toMatchObject({
      state: { total: '11.70', items: 2 },
      trace: [{ id: `b1-${TAG}-1` }, { id: `b1-${TAG}-3` }],
    });
    expect((await stream('b1', '--at', '2024-05-06T02:00Z')).state?.total).toBe('4.50');
  });

  test('are asked for by programs, in the service’s own role, and by SQL', async () => {
    const at = `/v1/projections/baskets.totals/streams/b1-${TAG}`;
    const { status, json: told } = await ann.json(`${at}?at=2024-05-06T02:00:00Z&trace=5`);
    expect([status, told]).toMatchObject([
      200,
      { state: { total: '4.50' }, events: 1, isStateHidden: false },
    ]);
    const page = await ann.page(`/datasets/baskets.totals/streams/b1-${TAG}`);
    expect([page.status, page.text.includes('11.70')]).toEqual([200, true]);
    const sql = `SELECT total FROM projection.baskets_totals WHERE basket = 'b2-${TAG}'`;
    expect(await json(analyst, 'query', sql, '--engine', 'local')).toEqual([{ total: '0.30' }]);
    const tables = await json<{ table_name: string }[]>(analyst, 'query', 'SHOW TABLES FROM projection');
    expect(tables.map(({ table_name: name }) => name)).toContain('projection.baskets_totals');
  });
});

describe('events that come late, and one that code does not know', () => {
  test('restate one projection; the other stays, and people are told by digests', async () => {
    const strict = await platform.pointer('projection', 'baskets.strict');
    await platform.dropAndSettle(EVENTS, {
      [`late-${TAG}.csv`]: fileOf([cup('b1', 2, '1.10'), { ...cup('b2', 3, ''), kind: 'lost' }]),
    });
    expect(await published()).toEqual([`b1-${TAG} 3 12.80 3`, `b2-${TAG} 2 0.30 3`]);
    expect((await stream('b1', '--as-of', String(first.asOf.snapshot))).state).toEqual(first.state);
    const restated = await json<{ old_value: string }[]>(
      operator,
      'query',
      `SELECT old_value, new_value FROM ops.restatements WHERE dataset = 'baskets.totals' AND "column" = 'total' AND key LIKE '%b1-${TAG}%'`,
      '--engine',
      'local',
    );
    expect(restated).toEqual([{ old_value: '11.70', new_value: '12.80' }]);
    expect(await platform.pointer('projection', 'baskets.strict')).toEqual(strict);
    const heard = await platform.inbox.heard(
      'that baskets.strict stays behind',
      ({ kind, dataset }) => kind === 'projection-failed' && dataset === 'baskets.strict',
    );
    const alert = heard.at(-1);
    expect(alert).toMatchObject({ details: { code: 'PROJECTION_THREW', version: '3' } });
    expect(alert?.title).toMatch(/stream digest:[0-9a-f]{16}, version 3/);
    expect(JSON.stringify(alert)).not.toMatch(/secret cup/);
    expect(JSON.stringify(alert)).not.toContain(`b2-${TAG}"`);
  });

  test('what is made anew by the operator is the same, and Glue follows', async () => {
    const before = await published();
    await json(operator, 'project', 'baskets.totals', '--rebuild');
    expect(await published()).toEqual(before);
    const pointer = await platform.pointer('projection', 'baskets.totals');
    const { metadataLocation } = await platform.glueTable('projection', 'baskets.totals');
    expect(metadataLocation).toBe(pointer?.tables.projection?.metadata_location);
  });
});
