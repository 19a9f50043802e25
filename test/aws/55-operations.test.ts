import { beforeAll, describe, expect, test } from '@jest/globals';
import { decisionsPrefix } from '../../etl/naming/decisions.ts';
import { refuseRun } from '../../etl/operations/decide-run.ts';
import { resetBreaker } from '../../etl/operations/reset-breaker.ts';
import { keepCorrections } from '../../etl/quarantine/corrections.ts';
import { approveRelease, askRelease } from '../../etl/quarantine/releases.ts';
import { retryRecords } from '../../etl/quarantine/retry-records.ts';
import { Decision, type RunRecord } from '../../etl/stages/outcomes.ts';
import { type Operator, operatorOf } from './support/operator.ts';
import { connect, type Platform } from './support/platform.ts';
import { readTables } from './support/read-tables.ts';
import { badTransaction, transactions } from './support/transactions.ts';

/** What people do about records that failed, and what the deployed functions make of it with the permissions they have. */

const DATASET = 'mortgages.transactions';
const WORD = { by: 'ann@example.com', reason: 'as on the statement' };
const OTHER_WORD = { by: 'bob@example.com', reason: 'looked at it' };

let platform: Platform;
let operator: Operator;
let decisionsBefore: readonly string[];

beforeAll(async () => {
  platform = await connect('operations');
  operator = await operatorOf(platform.session);
  decisionsBefore = await platform.store.list(decisionsPrefix(DATASET));
});

/** Amounts in Silver of the transactions with an id. */
async function published(transactionId: string): Promise<unknown[]> {
  const filter = `transaction_id == '${transactionId}'`;
  const [silver] = await readTables(platform.session, [
    { table: platform.glueName('silver', DATASET), filter, rows: ['amount'] },
  ]);
  return (silver?.rows ?? []).map(({ amount }) => String(amount));
}

/** Starts a run, as a person does, and returns its record. */
async function nextRun(): Promise<RunRecord | undefined> {
  const known = await platform.records(DATASET);
  await operator.start(DATASET);
  return (await platform.recordsBeyond(DATASET, known)).at(-1);
}

/** Corrects a record's amount and has it tested once more. */
async function correctAndRetry(
  transactionId: string,
  amount: string,
  state: 'open',
): Promise<RunRecord | undefined> {
  const { effects } = operator.lake;
  const record = await operator.record(DATASET, transactionId, [state]);
  await keepCorrections(effects, await operator.contract(DATASET), [{ record, values: { amount } }], WORD);
  const corrected = await operator.record(DATASET, transactionId, [state]);
  await retryRecords(effects, await operator.contract(DATASET), [corrected], WORD);
  return nextRun();
}

describe('records that failed', () => {
  test('one that a person corrects is tested once more, and published with the correction', async () => {
    const bad = badTransaction('OPERATIONS-BAD');
    const [first] = await platform.dropAndSettle(DATASET, { 'corrected.csv': transactions('ok', 5, [bad]) });
    expect(first).toMatchObject({ status: 'promoted', counts: { silver: 5, quarantined: 1 } });
    expect(await published('OPERATIONS-BAD')).toEqual([]);
    const retried = await correctAndRetry('OPERATIONS-BAD', '12.34', 'open');
    expect(retried).toMatchObject({ status: 'promoted', counts: { records: 1, silver: 1 } });
    expect(retried?.files.map(({ key }) => key)).toEqual([
      expect.stringMatching(/^ops\/retries\/.*retry-.*\.csv$/),
    ]);
    expect(await published('OPERATIONS-BAD')).toEqual(['12.34']);
    expect(await operator.record(DATASET, 'OPERATIONS-BAD', ['corrected'])).toMatchObject({ failures: 1 });
  });

  test('one that was condemned is released by two people, and then published with its correction', async () => {
    const { effects } = operator.lake;
    const condemned = await operator.record(DATASET, 'ATTEMPTS-BAD', ['condemned']);
    const request = await askRelease(effects, DATASET, [condemned], WORD);
    await approveRelease(effects, DATASET, request, OTHER_WORD);
    const retried = await correctAndRetry('ATTEMPTS-BAD', '5.00', 'open');
    expect(retried).toMatchObject({ status: 'promoted', counts: { records: 1, silver: 1, condemned: 0 } });
    expect(await published('ATTEMPTS-BAD')).toEqual(['5.00']);
  });
});

describe('the circuit breaker', () => {
  test('too many errors of one code open it, nothing runs until a person resets it, and then what waited is published', async () => {
    const { effects } = operator.lake;
    const bad = Array.from({ length: 150 }, (_, n) => badTransaction(`BREAKER-${n}`));
    const [held] = await platform.dropAndSettle(DATASET, { 'breaker.csv': transactions('broken', 5, bad) });
    expect(held).toMatchObject({
      status: 'held',
      why: expect.arrayContaining([expect.stringMatching(/breaker opened/)]),
    });

    const before = await platform.pointer('silver', DATASET);
    const known = await platform.records(DATASET);
    const [waiting = ''] = await platform.drop(DATASET, { 'waiting.csv': transactions('waiting', 5) });
    const [refused] = await platform.recordsBeyond(DATASET, known);
    expect(refused?.status).toBe('refused');
    const told = await platform.inbox.heard('the refusal', ({ runId }) => runId === refused?.runId);
    expect(told).toMatchObject([{ kind: 'run-refused', title: expect.stringContaining('circuit breaker') }]);
    expect(await platform.pointer('silver', DATASET)).toEqual(before);

    await resetBreaker(effects, DATASET, WORD);
    await refuseRun(effects, { dataset: DATASET, runId: held?.runId ?? '' }, WORD);
    const next = await nextRun();
    expect(next).toMatchObject({ status: 'promoted', counts: { records: 5, silver: 5 } });
    expect(next?.files.map(({ key }) => key)).toEqual([waiting]);
  });
});

test('every decision is on record, with who took it and why', async () => {
  const kinds: Record<string, unknown> = {};
  for (const key of await platform.store.list(decisionsPrefix(DATASET))) {
    if (decisionsBefore.includes(key)) continue;
    const { kind, by, reason } = Decision.parse(await platform.store.json(key));
    kinds[kind] = { by, reason };
  }
  const { released, ...others } = kinds;
  expect(released).toEqual(OTHER_WORD);
  expect(others).toEqual({
    corrected: WORD,
    retried: WORD,
    'release-asked': WORD,
    'breaker-reset': WORD,
    refused: WORD,
  });
});
