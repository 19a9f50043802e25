import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openLake } from '../../adapters/local/lake.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { expire } from '../../etl/operations/expire.ts';
import { vacuum } from '../../etl/operations/vacuum.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain, runMainJson } from '../cli/run-main.ts';

/** An event as it is written, and as a fold of the test's own takes it. */
interface Happened {
  readonly account: string;
  readonly n: number;
  readonly event: string;
  readonly at: string;
  readonly amount: string;
}

const CONTRACT = (
  name: string,
  properties: readonly string[],
  custom: readonly string[],
): string => `apiVersion: v3.1.0
kind: DataContract
id: urn:test:${name}
domain: bank
name: ${name}
version: 1.0.0
status: active
team: {name: test}
schema:
  - name: ${name}
    properties:
${properties.map((one) => `      - {${one}, classification: internal}`).join('\n')}
    customProperties:
${custom.map((one) => `      - {property: ${one}}`).join('\n')}
`;

const EVENTS = CONTRACT(
  'moves',
  [
    'name: account, logicalType: string, required: true',
    'name: n, logicalType: integer, required: true',
    'name: event, logicalType: string, required: true',
    'name: at, logicalType: timestamp, required: true',
    'name: kind, logicalType: string, required: true',
    'name: amount, logicalType: number, physicalType: "DECIMAL(12,2)", required: true',
  ],
  [
    'assay.format, value: jsonl',
    'assay.events, value: {stream: account, type: kind, at: at, version: n, id: event}',
    'assay.limits, value: {maxQuarantineRate: 1, maxCondemned: 1000000}',
  ],
);

const BALANCES = CONTRACT(
  'balances',
  [
    'name: account, logicalType: string, primaryKey: true, required: true',
    'name: cents, logicalType: integer, required: true',
    'name: last, logicalType: string, required: true',
    'name: moves, logicalType: integer, required: true',
  ],
  ['assay.layer, value: projection', 'assay.inputs, value: [bank.moves]'],
);

/** Each code counts amounts in its own way, so that which one folded can be told from what came of it. */
const code = (factor: number): string => `
export const initial = { cents: 0, last: '', moves: 0 };
export function apply(state, event) {
  const cents = Math.round(Number(event.amount) * 100) * ${factor};
  return { cents: state.cents * 2 + cents, last: event.event, moves: state.moves + 1 };
}
export const rows = (state) => [state];
`;

/** What the codes above come to, told by other means. The order matters: each step doubles what was before. */
function folded(events: readonly Happened[], factor: number) {
  let [cents, last] = [0n, ''];
  for (const { amount, event } of [...events].sort((a, b) => a.n - b.n)) {
    cents = cents * 2n + BigInt(amount.replace('.', '')) * BigInt(factor);
    last = event;
  }
  return { cents: Number(cents), last, moves: events.length };
}

/** Of events with one account and number, the one with the smallest id; bytes decide. */
function standing(events: readonly Happened[]): Happened[] {
  const first = new Map<string, Happened>();
  for (const one of events) {
    const known = first.get(`${one.account} ${one.n}`);
    if (known === undefined || Buffer.compare(Buffer.from(one.event), Buffer.from(known.event)) < 0)
      first.set(`${one.account} ${one.n}`, one);
  }
  return [...first.values()];
}

/** A moment, and what a query answered then. */
interface Moment {
  readonly at: string;
  /** The snapshots of the events and of the projection. */
  readonly silver: number;
  readonly snapshot: number;
  readonly read: readonly Happened[];
  /** The rows of the projection. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Of the code of then. */
  readonly factor: number;
}

const ACCOUNTS = ['a', 'b', 'ä 1/2'];
let cwd: string;
let dispose: () => Promise<void>;
const moments: Moment[] = [];

async function assay(...args: string[]): Promise<string> {
  const { code: ended, out, err } = await runMain(args, { cwd });
  expect({ args, ended, err }).toEqual({ args, ended: 0, err: '' });
  return out;
}

async function json(...args: string[]): Promise<unknown> {
  const { code: ended, json: value, err } = await runMainJson(args, { cwd });
  expect({ args, ended, err }).toEqual({ args, ended: 0, err: '' });
  return value;
}

/** What a query answers now: the events that readers see. */
const eventsNow = async (): Promise<readonly Happened[]> =>
  (await json(
    'query',
    `SELECT account, n, event, strftime("at", '%Y-%m-%dT%H:%M:%S.%gZ') AS "at", kind, amount FROM silver.bank_moves ORDER BY account, n`,
  )) as readonly Happened[];

const write = async (name: string, text: string): Promise<void> => {
  await mkdir(path.dirname(path.join(cwd, name)), { recursive: true });
  await writeFile(path.join(cwd, name), text);
};

/** The snapshot of a dataset or projection that readers see. */
async function snapshotOf(dataset: string): Promise<number> {
  const lines = (await json('snapshots', dataset)) as { isCurrent: boolean; snapshotId: number }[];
  return lines.find(({ isCurrent }) => isCurrent)?.snapshotId ?? 0;
}

/** Keeps what a query answers now; what changes after it has another time. Returns it. */
async function remember(known: readonly Happened[], factor: number): Promise<Moment> {
  const read = await eventsNow();
  const rows = (await json(
    'query',
    'SELECT account, cents, "last", moves FROM projection.bank_balances ORDER BY account',
  )) as Moment['rows'];
  // Which of them stand is told by other means, too.
  expect(read.map(({ event }) => event).sort()).toEqual(
    standing(known)
      .map(({ event }) => event)
      .sort(),
  );
  const [silver, snapshot] = [await snapshotOf('bank.moves'), await snapshotOf('bank.balances')];
  const moment = { at: new Date().toISOString(), silver, snapshot, read, rows, factor };
  moments.push(moment);
  return moment;
}

/** Events of some accounts, with numbers of a range, in any order of time; some have the number of another. */
const eventsOf = (from: number, to: number) =>
  fc.array(
    fc.record({
      account: fc.constantFrom(...ACCOUNTS),
      n: fc.integer({ min: from, max: to }),
      event: fc.stringMatching(/^[a-zA-Z0-9é]{1,4}$/),
      at: fc
        .integer({ min: 0, max: 20 })
        .map((hours) => new Date(Date.UTC(2024, 0, 30, 12 + hours)).toISOString()),
      kind: fc.constant('moved'),
      amount: fc.integer({ min: -500, max: 500 }).map((cents) => (cents / 100).toFixed(2)),
    }),
    { minLength: 12, maxLength: 20 },
  );

/** Of events with one id the first: an id means one event. */
const distinct = (files: readonly (readonly Happened[])[]): Happened[][] => {
  const ids = new Set<string>();
  return files.map((events) =>
    events.filter(({ account, n, event }) => {
      const isNew = !ids.has(`${account} ${n} ${event}`);
      ids.add(`${account} ${n} ${event}`);
      return isNew;
    }),
  );
};

async function publish(name: string, events: readonly Happened[]): Promise<void> {
  await write(`${name}.jsonl`, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  await assay('ingest', `${name}.jsonl`, '--dataset', 'bank.moves');
  const { code: ended, err } = await runMain(['run', '--dataset', 'bank.moves'], { cwd });
  // Events that give way are verdicts of their own: the run says so.
  expect({ ended: ended === 0 || ended === 1, err }).toEqual({ ended: true, err: '' });
}

let all: readonly Happened[];

beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await write('contracts/bank/moves.yaml', EVENTS);
  await write('contracts/bank/balances.yaml', BALANCES);
  await write('projections/bank/balances.js', code(1));
  await assay('init');
  const drawn = fc.sample(fc.tuple(eventsOf(1, 9), eventsOf(1, 12), eventsOf(5, 14), eventsOf(1, 16)), 1);
  const [one = [], two = [], three = [], four = []] = distinct(drawn[0] ?? []);
  await publish('one', one);
  await remember(one, 1);
  await publish('two', two);
  const second = await remember([...one, ...two], 1);
  await write('projections/bank/balances.js', code(3));
  await publish('three', three);
  await remember([...one, ...two, ...three], 3);
  await assay('rollback', 'bank.moves', '--to', String(second.silver), '--reason', 'a test');
  await remember([...one, ...two], 3);
  await publish('four', four);
  ({ read: all } = await remember([...one, ...two, ...four], 3));
}, 240_000);
afterAll(() => dispose());

interface Answer {
  readonly state: unknown;
  readonly trace?: readonly { readonly id: string; readonly state: unknown }[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly asOf: { readonly from: string };
}

const ask = async (stream: string, ...more: string[]): Promise<Answer> =>
  (await json('project', 'bank.balances', '--stream', stream, ...more)) as Answer;

/** What an account must be at a moment, by a fold of the test's own. */
function stateOf(events: readonly Happened[], account: string, factor: number): unknown {
  const own = events.filter((one) => one.account === account);
  return own.length === 0 ? null : folded(own, factor);
}

/** Asks for every account as of a moment, by its time and its snapshots, as far as they mean one moment: what was read then. Returns where that was found. */
async function checkMoment(
  { at, silver, snapshot, read, rows, factor }: Moment,
  isAmbiguous: boolean,
): Promise<string> {
  const from = new Set<string>();
  for (const [n, account] of ACCOUNTS.entries())
    for (const when of n > 0
      ? [at]
      : isAmbiguous
        ? [at, String(snapshot)]
        : [at, String(silver), String(snapshot)]) {
      const answer = await ask(account, '--as-of', when, '--trace');
      expect({ when, state: answer.state }).toEqual({ when, state: stateOf(read, account, factor) });
      expect(answer.rows).toEqual(rows.filter((row) => row.account === account));
      const ids = read.filter((one) => one.account === account).map(({ event }) => event);
      expect(answer.trace?.map(({ id }) => id)).toEqual(ids);
      from.add(answer.asOf.from);
    }
  return [...from].join(' ');
}

describe('a stream', () => {
  test('at a moment of event time is a fold of the events that had happened, in the order of their versions', async () => {
    const times = [...new Set(all.map(({ at }) => at))].sort();
    for (const time of [times[0], times[Math.floor(times.length / 2)], times.at(-1)])
      for (const account of ACCOUNTS) {
        const happened = all.filter(({ at }) => at <= (time ?? ''));
        expect((await ask(account, '--at', time ?? '')).state).toEqual(stateOf(happened, account, 3));
      }
    const day = all.filter(({ at }) => at < '2024-01-31');
    expect((await ask('a', '--at', '2024-01-30')).state).toEqual(stateOf(day, 'a', 3));
    expect((await ask('a', '--at', '2024-01-01')).state).toBeNull();
    expect((await ask('nobody')).state).toBeNull();
  }, 120_000);

  test('has a trace: each event, and what a fold comes to with it', async () => {
    const { trace } = await ask('a', '--trace');
    const own = all.filter(({ account }) => account === 'a').sort((x, y) => x.n - y.n);
    expect(trace?.map(({ id, state }) => ({ id, state }))).toEqual(
      own.map(({ event }, n) => ({ id: event, state: folded(own.slice(0, n + 1), 3) })),
    );
  });

  test('as of a moment is what was read then, by the code of then, with its snapshots and when they are expired', async () => {
    const found: string[] = [];
    for (const moment of moments) found.push(await checkMoment(moment, moment.silver === moments[1]?.silver));
    expect(found).toEqual(moments.map(() => 'snapshot'));

    const { effects } = await openLake(path.join(cwd, 'lake'), {
      contractsDir: path.join(cwd, 'contracts'),
      sqlDir: path.join(cwd, 'sql/gold'),
    });
    const loaded = await loadContracts(effects.contracts);
    for (const [dataset, layer] of [
      ['bank.balances', 'projection_state'],
      ['bank.moves', 'silver'],
    ] as const) {
      const word = { by: 'ann', reason: 'a test' };
      const gone = await expire(effects, { dataset, before: new Date() }, word);
      expect(gone.expired[layer]?.length).toBeGreaterThan(1);
      const contract = requireContract(loaded, dataset);
      const tidied = await vacuum(effects, { contract, olderThanMs: 0, isDryRun: false });
      expect(tidied.removed.length).toBeGreaterThan(1);
    }
    const after: string[] = [];
    // The third moment was that of the run that was taken back.
    for (const [n, moment] of moments.entries())
      if (n !== 2) after.push(await checkMoment(moment, moment.silver === moments[1]?.silver));
    expect(after).toEqual(['kept', 'kept', 'kept', 'snapshot']);
    const { code: ended, err } = await runMain(
      ['project', 'bank.balances', '--stream', 'a', '--as-of', moments[2]?.at ?? ''],
      { cwd },
    );
    expect({ ended, err }).toEqual({
      ended: 1,
      err: expect.stringMatching(/was expired, and .* since taken back/),
    });
  }, 240_000);
});
