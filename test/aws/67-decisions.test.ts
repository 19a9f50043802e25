import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { z } from 'zod';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import {
  BreakerResetJson,
  BreakersJson,
  CondemnJson,
  ErrorJson,
  QuarantineListJson,
  QuarantineShowJson,
  ReadmitJson,
  ReleaseJson,
  RetryJson,
  RunJson,
  RunsJson,
} from '../cli/shapes.ts';
import { kindsOf } from '../openlineage/spec-faults.ts';
import { assay as runAssay } from './support/assay.ts';
import { lineageOf } from './support/lineage-server.ts';
import { person } from './support/person.ts';
import { connect, type Platform } from './support/platform.ts';
import { ROOT } from './support/python.ts';
import { badTransaction, transactions } from './support/transactions.ts';

/** The decisions that 65-command-line has not typed: to refuse, readmit, release, correct in bulk, and close the breaker. */

const DATASET = 'mortgages.transactions';
const ON = ['--dataset', DATASET];
const wordOf = (by: string): string[] => ['--reason', 'looked at it', '--by', by];
const WORD = wordOf('ann@example.com');

let platform: Platform;
let operator: Record<string, string>;
let folder: string;

beforeAll(async () => {
  platform = await connect('decisions');
  operator = await person('decisions-operator', ['analyst', 'operator']);
  folder = await mkdtemp(path.join(tmpdir(), 'assay-decisions-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a command, which must end with one of these codes, and returns its JSON. */
async function json<T>(
  shape: z.ZodType<T>,
  args: readonly string[],
  codes: readonly number[] = [0],
): Promise<T> {
  const { code, out, err } = await runAssay([...args, '--target', 'aws', '--json'], {
    cwd: ROOT,
    env: operator,
  });
  if (!codes.includes(code ?? -1))
    throw new Error(`assay ${args.join(' ')} ended with ${code}: ${out}${err}`);
  return shape.parse(JSON.parse(out));
}

const bad = (tag: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => badTransaction(`${tag}-bad-${n}`));

async function dropAndRun(name: string, text: string): Promise<RunRecord> {
  const [record, ...others] = await platform.dropAndSettle(DATASET, { [`${name}.csv`]: text });
  if (record === undefined || others.length > 0) throw new Error(`${name} was not one run.`);
  return record;
}

async function recordsOf(file: string, ...more: string[]) {
  const list = await json(QuarantineListJson, ['quarantine', 'list', ...ON, '--file', file, ...more]);
  return list.flatMap(({ records }) => records);
}

test('a held run is refused, its files stay aside, and readmitted they are tested anew', async () => {
  const { runId } = await dropAndRun('undecided', transactions('undecided', 150, bad('undecided', 20)));
  const refused = await json(RunJson, ['refuse', runId, ...WORD], [0, 1]);
  expect(refused).toMatchObject({ runId, status: 'refused' });
  // A lineage server hears of the run from its functions, and of the decision from the operator's command.
  expect(kindsOf(await lineageOf(platform.session.outputs.LineageUrl, DATASET, runId))).toEqual(
    ['START', 'OTHER', 'ABORT'].map((kind) => `${kind} ${DATASET}`),
  );
  expect(await json(RunsJson, ['run', ...ON])).toMatchObject([{ status: 'nothing-to-do' }]);
  const given = await json(ReadmitJson, ['readmit', runId, ...WORD]);
  expect(given).toMatchObject({ was: 'refused', files: [expect.stringContaining('undecided.csv')] });
  const [again] = await json(RunsJson, ['run', ...ON], [1]);
  expect(again).toMatchObject({ status: 'held', counts: { silver: 150, quarantined: 20 } });
  await json(RunJson, ['refuse', again?.runId ?? '', ...WORD], [0, 1]);
});

test('a file of a held run is refused, the rest is sealed anew and published, and the file comes back when it is readmitted', async () => {
  const files = {
    'sound.csv': transactions('sound', 30),
    'broken.csv': transactions('broken', 30, bad('broken', 20)),
  };
  const [record] = await platform.dropAndSettle(DATASET, files);
  const { runId = '', sealDigest } = record ?? {};
  expect(record).toMatchObject({ status: 'held', counts: { silver: 60, quarantined: 20 } });
  const rest = await json(RunJson, ['refuse', runId, '--file', 'broken.csv', ...WORD]);
  expect(rest).toMatchObject({ runId, status: 'held', counts: { silver: 30, quarantined: 0 } });
  expect(rest.sealDigest).not.toBe(sealDigest);
  const approve = (digest: string | null | undefined) => [
    'approve',
    runId,
    '--digest',
    digest ?? '',
    ...WORD,
  ];
  await json(ErrorJson, approve(sealDigest), [2]);
  const published = await json(RunJson, approve(rest.sealDigest));
  expect(published).toMatchObject({ status: 'promoted', counts: { silver: 30 } });
  expect(await json(RunsJson, ['run', ...ON])).toMatchObject([{ status: 'nothing-to-do' }]);
  const given = await json(ReadmitJson, ['readmit', runId, '--file', 'broken.csv', ...WORD]);
  expect(given).toMatchObject({ was: 'refused', files: [expect.stringContaining('broken.csv')] });
  const [again] = await json(RunsJson, ['run', ...ON], [1]);
  expect(again).toMatchObject({ status: 'held', counts: { silver: 30, quarantined: 20 } });
  await json(RunJson, ['refuse', again?.runId ?? '', ...WORD], [0, 1]);
});

test('records are exported, corrected in the file, and published; one is shown with what happened to it', async () => {
  await dropAndRun('bulk', transactions('bulk', 60, bad('bulk', 2)));
  const file = path.join(folder, 'to-correct.csv');
  const { code } = await runAssay(
    ['quarantine', 'export', ...ON, '--file', '/bulk.csv', '--out', file, '--target', 'aws'],
    { cwd: ROOT, env: operator },
  );
  expect(code).toBe(0);
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll('abc', '7.00'));
  const corrected = await json(RetryJson, ['quarantine', 'correct', '--from', file, ...ON, ...WORD]);
  expect(corrected).toMatchObject({ records: 2, runs: [{ status: 'promoted', counts: { silver: 2 } }] });
  expect(await recordsOf('/bulk.csv')).toEqual([]);
});

test('a condemned record is released by two people, and open again', async () => {
  await dropAndRun('mistaken', transactions('mistaken', 60, bad('mistaken', 1)));
  const [record] = await recordsOf('/mistaken.csv');
  const id = record?.record ?? '';
  await json(CondemnJson, ['quarantine', 'condemn', id, ...ON, ...WORD]);
  const asked = await json(ReleaseJson, ['quarantine', 'release', id, ...ON, ...WORD]);
  const approve = ['quarantine', 'release', '--approve', asked.request, ...ON];
  expect(await json(ReleaseJson, [...approve, ...wordOf('bob@example.com')])).toMatchObject({
    records: [id],
  });
  const shown = await json(QuarantineShowJson, ['quarantine', 'show', id, ...ON]);
  expect(JSON.stringify(shown)).toContain('bob@example.com');
  expect((await recordsOf('/mistaken.csv')).map((one) => one.record)).toEqual([id]);
});

test('an open breaker is shown with what opened it, and closed', async () => {
  const { runId, status } = await dropAndRun('flood', transactions('flood', 5, bad('flood', 150)));
  expect(status).toBe('held');
  const [open] = await json(BreakersJson, ['breaker', 'status', DATASET], [1]);
  expect(JSON.stringify(open)).toContain('flood.csv');
  await json(BreakerResetJson, ['breaker', 'reset', DATASET, ...WORD]);
  await json(BreakersJson, ['breaker', 'status', DATASET]);
  await json(RunJson, ['refuse', runId, ...WORD], [0, 1]);
});
