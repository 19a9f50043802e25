import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkedRules } from '../../etl/contract/check-rules.ts';
import { compileStage } from '../../etl/contract/compile-record.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { type Engine, openEngine } from '../../etl/engine/engine.ts';
import { RecordJudge } from '../../etl/judging/record-judge.ts';
import { zonesInUse } from '../../etl/refining/zones-in-use.ts';
import { GOOD, VALUES } from '../oracle/arbitrary-values.ts';
import { everyType } from '../oracle/every-type.ts';
import { tryFor } from '../support/try-for.ts';

const DIGEST_KEY = 'a key';
const RULES = {
  paid_before_due: 'due_on IS NULL OR paid_on <= due_on',
  amount_by_ratio: 'amount * 2 > price OR ratio IS NULL OR ratio > 0.3',
  sent_in_time: "sent_at IS NULL OR sent_at < TIMESTAMPTZ '2030-01-01 00:00:00+00'",
};

const SECONDS = Number(process.env.JUDGE_SECONDS ?? 60);

let engine: Engine;
let contract: SourceContract;
let judge: RecordJudge;
beforeAll(async () => {
  engine = await openEngine({ threads: 1, memoryLimitMb: 256 });
  contract = parseContract('c0.yaml', everyType(RULES)) as SourceContract;
  judge = await RecordJudge.open(engine, contract, { digestKey: DIGEST_KEY });
});
afterAll(() => engine.close());

/** What files get: the SQL over the same raw values. */
async function judgedAsFile(records: readonly (readonly (string | null)[])[]): Promise<unknown[]> {
  const { columns } = contract;
  const names = columns.map((_, n) => `"c$${n}"`);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE texts (n BIGINT, ${names.map((name) => `${name} VARCHAR`).join(', ')})`,
  );
  await engine.append(
    'texts',
    records.map((record, n) => [BigInt(n), ...record.map((raw) => (raw === null ? '' : `=${raw}`))]),
  );
  const raws = names.map((name) => `CASE WHEN ${name} <> '' THEN substr(${name}, 2) END AS ${name}`);
  const source = `(SELECT ${raws.join(', ')}, n AS "position$" FROM texts)`;
  const layout = {
    fields: columns.length,
    columns: columns.map((_, n) => n),
    unknown: [],
    newline: '\n' as const,
  };
  const options = { contract, layout, hasEdgeBlanks: true };
  const zones = await zonesInUse(engine, source, options);
  const rules = await checkedRules(engine, contract);
  const stage = compileStage({ ...options, rules, source, digestKey: DIGEST_KEY, zones, look: 'closer' });
  const select = stage.replace(/ FROM judged$/, ', position$ FROM judged');
  const rows = await engine.rows(
    `SELECT record_kind$ AS kind, reasons$ AS reasons, row_hash FROM (${select}) ORDER BY position$`,
  );
  return rows.map(({ kind, reasons, row_hash }) => ({
    kind: ['passed', 'failed', 'blank'][Number(kind)],
    reasons: reasons ?? [],
    rowHash: row_hash,
  }));
}

const isQuoted = /^"(.*)"$/;
const good = (name: string): string => (GOOD[name] ?? '1').replace(isQuoted, '$1');

/** A right record with up to four values that may be wrong. */
const record = (): fc.Arbitrary<(string | null)[]> =>
  fc
    .array(
      fc.nat(contract.columns.length - 1).chain((n) => fc.tuple(fc.constant(n), anyValue(n))),
      { maxLength: 4 },
    )
    .map((changes) => {
      const raws = contract.columns.map(({ name }): string | null => good(name));
      for (const [n, raw] of changes) raws[n] = raw;
      return raws;
    });

function anyValue(n: number): fc.Arbitrary<string | null> {
  const value =
    VALUES[contract.columns[n]?.name ?? ''] ?? fc.constantFrom('1', '0', '-3', '12345678901234567890');
  const padded = fc.tuple(fc.constantFrom(' ', '\t', '\u00a0', ''), value).map((parts) => parts.join(''));
  return fc.oneof(value, value, padded, fc.constantFrom<string | null>(null, '', 'NULL', 'n/a'));
}

test(
  'a record alone gets the verdict, the reasons in their order and the hash that it gets in a file',
  async () => {
    await tryFor(
      { seconds: SECONDS, cases: Number(process.env.JUDGE_CASES ?? 10) },
      [fc.array(record(), { minLength: 1, maxLength: 100 })],
      async (values) => {
        // No scanner lets a NUL through.
        const records = values.map((all) => all.map((raw) => raw?.replaceAll('\0', '') ?? null));
        const alone = await judge.judge(records.map((raws) => ({ values: raws, unknown: null })));
        expect(alone).toEqual(await judgedAsFile(records));
      },
    );
  },
  (SECONDS + 420) * 1000,
);
