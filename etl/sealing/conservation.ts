import type { SourceContract } from '../contract/contract.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { exactSum } from '../engine/exact-sum.ts';
import { identitySql, identitySumSql } from '../engine/record-identity.ts';
import { measureByColumn, measureColumn, precisionOf, scaleOf } from '../refining/rejects.ts';
import type { ControlTotal, MeasureSum, RefinedFile, WrittenOfFile } from '../stages/documents.ts';
import { addDecimals, addSums, sameDecimal } from '../sums.ts';

/** What lies in the files that were written, read back from them. */
export interface FoundInFile {
  silver: number;
  quarantined: number;
  condemned: number;
  repeats: number;
  /** What the identities of the records found add up to, and of those in Silver. */
  identity: string;
  silverIdentity: string;
  readonly silverSums: MeasureSum[];
  readonly quarantinedSums: MeasureSum[];
  readonly condemnedSums: MeasureSum[];
  readonly repeatsSums: MeasureSum[];
  /** The source's own total, by its total row: the measure's sum as stated there. */
  declared?: string;
}

/** The find in a file of which nothing was written. */
export const emptyFind = (): FoundInFile => ({
  ...{ silver: 0, quarantined: 0, condemned: 0, repeats: 0 },
  ...{ identity: '0', silverIdentity: '0' },
  ...{ silverSums: [], quarantinedSums: [], condemnedSums: [], repeatsSums: [] },
});

/** Where what became of records is found. */
export interface ProofInput {
  readonly engine: Engine;
  readonly contract: SourceContract;
  /** What was read back of Silver's files. */
  readonly written: ReadonlyMap<string, WrittenOfFile>;
}

/** What became of records, by source_file_id: Silver as it was read back, the rejects by verdict, the repeats. */
export async function findOutcomes({
  engine,
  contract,
  written,
}: ProofInput): Promise<Map<string, FoundInFile>> {
  const found = new Map<string, FoundInFile>();
  for (const [id, { records, identity, sums }] of written)
    found.set(id, {
      ...emptyFind(),
      ...{ silver: records, identity, silverIdentity: identity, silverSums: [...sums] },
    });
  const sources = [
    { from: 'verdicts', verdict: 'verdict' },
    { from: 'repeats', verdict: "'repeats'" },
  ];
  for (const { from, verdict } of sources) {
    const rows = await engine.rows(
      `SELECT source_file_id, ${verdict} AS verdict, count(*) AS n, ${identitySumSql('source_row_number')} AS identity
       FROM ${from} GROUP BY ALL`,
    );
    for (const row of rows) {
      const file = entry(found, textOf(row, 'source_file_id'));
      const [which, identity] = [verdictOf(textOf(row, 'verdict')), textOf(row, 'identity')];
      file[which] += integerOf(row, 'n');
      file.identity = addDecimals(file.identity, identity);
    }
    for (const [n, { column }] of contract.measures.entries()) {
      const [value, by] = [measureColumn(n), measureByColumn(n)];
      const type = { precision: precisionOf(contract, n), scale: scaleOf(contract, n) };
      const { summand, read } = await exactSum(engine, { value, ...type, from });
      const sums = await engine.rows(
        `SELECT source_file_id, ${verdict} AS verdict, ${by} AS "by", CAST(sum(${summand}) AS VARCHAR) AS total
         FROM ${from} WHERE ${value} IS NOT NULL GROUP BY ALL`,
      );
      for (const row of sums) {
        const group = typeof row.by === 'string' ? row.by : null;
        const file = entry(found, textOf(row, 'source_file_id'));
        file[`${verdictOf(textOf(row, 'verdict'))}Sums`].push({
          measure: column,
          by: group,
          sum: read(textOf(row, 'total')),
        });
      }
    }
  }
  return found;
}

/** Takes the sources' total rows out of `rejects` and returns what they declare, by source_file_id, and their identities. */
export async function takeTotalRows(
  engine: Engine,
  contract: SourceContract,
  lastRows: ReadonlyMap<string, number>,
): Promise<Map<string, { declared: string; identity: string }>> {
  const n = contract.measures.findIndex(({ column }) => column === contract.csv.totalRowColumn);
  if (n < 0) return new Map();
  await engine.run('CREATE OR REPLACE TEMP TABLE last_rows (source_file_id VARCHAR, last BIGINT)');
  await engine.append(
    'last_rows',
    [...lastRows].map(([id, last]) => [id, BigInt(last)]),
  );
  const isTotal = `may_be_total AND EXISTS (SELECT 1 FROM last_rows WHERE last_rows.source_file_id = rejects.source_file_id AND last = source_row_number)`;
  const rows = await engine.rows(
    `SELECT source_file_id, CAST(${measureColumn(n)} AS VARCHAR) AS declared, CAST(${identitySql('source_row_number')} AS VARCHAR) AS identity
     FROM rejects WHERE ${isTotal}`,
  );
  await engine.run(`DELETE FROM rejects WHERE ${isTotal}`);
  // In the middle of a file it is a failed record, but its figure sums up others and is no payment.
  const forget = contract.measures.map((_, i) => `${measureColumn(i)} = NULL`).join(', ');
  await engine.run(
    `UPDATE rejects SET ${forget} WHERE may_be_total AND source_file_id IN (SELECT source_file_id FROM last_rows)`,
  );
  return new Map(
    rows.map((row) => [
      textOf(row, 'source_file_id'),
      { declared: textOf(row, 'declared'), identity: textOf(row, 'identity') },
    ]),
  );
}

/** What went in, as refine counted it. */
export interface ProofOfFile {
  readonly key: string;
  readonly refined: RefinedFile;
  /** What the identities of so many records add up to, by `identitiesOf`. */
  readonly identity: string;
  readonly found: FoundInFile;
  readonly totalRow: { readonly declared: string; readonly identity: string } | undefined;
}

/** What one file's proof shows: its control totals, and what doesn't hold. */
export interface Proven {
  readonly controlTotals: ControlTotal[];
  readonly problems: string[];
}

/** Proves one file: by number, by identity, by every measure, and against its total row. */
export function proveFile(contract: SourceContract, proof: ProofOfFile): Proven {
  const { refined, found, totalRow } = proof;
  const problems: string[] = [];
  const blank = blankCount(refined, totalRow !== undefined);
  const { records: footer, identity: footerIdentity } = refined.footer ?? { records: 0, identity: '0' };
  const { records: forgotten, identity: forgottenIdentity } = refined.forgotten ?? {
    records: 0,
    identity: '0',
  };
  const out = found.silver + found.quarantined + found.condemned + blank + footer + found.repeats + forgotten;
  if (out !== refined.records) {
    problems.push(
      `${refined.records} records came in, but ${out} are accounted for (silver ${found.silver}, quarantined ${found.quarantined}, condemned ${found.condemned}, blank ${blank}, footer ${footer}, repeats ${found.repeats}, forgotten ${forgotten})`,
    );
  }
  const apart = [refined.blankIdentity, totalRow?.identity ?? '0', footerIdentity, forgottenIdentity];
  const identity = [found.identity, ...apart].reduce(addDecimals);
  if (!sameDecimal(identity, proof.identity)) {
    problems.push(
      'the records that came out are not those that came in: some number is missing or stands twice',
    );
  }
  const controlTotals = totalsOf(contract, proof);
  for (const total of controlTotals.filter(({ met }) => !met)) problems.push(describeMiss(total));
  return { controlTotals, problems };
}

/** Records with nothing to test: blank ones, and the total row where there is one. */
export function blankCount(refined: RefinedFile, hasTotalRow: boolean): number {
  return refined.blank + (hasTotalRow ? 1 : 0);
}

function totalsOf(contract: SourceContract, { key, refined, found, totalRow }: ProofOfFile): ControlTotal[] {
  const forgotten = refined.forgotten?.measures ?? [];
  const measuresIn = [...refined.measuresIn, ...forgotten];
  const groups = addSums(
    [
      ...measuresIn,
      ...found.silverSums,
      ...found.quarantinedSums,
      ...found.condemnedSums,
      ...found.repeatsSums,
    ].map((sum) => ({ ...sum, sum: '0' })),
  );
  return groups.map(({ measure, by }) => {
    const n = contract.measures.findIndex(({ column }) => column === measure);
    const zero = scaleOf(contract, n) === 0 ? '0' : `0.${'0'.repeat(scaleOf(contract, n))}`;
    const pick = (sums: readonly MeasureSum[]): string =>
      addSums(sums).find((sum) => sum.measure === measure && sum.by === by)?.sum ?? zero;
    const total = {
      key,
      measure,
      by,
      in: pick(measuresIn),
      silver: pick(found.silverSums),
      quarantined: pick(found.quarantinedSums),
      condemned: pick(found.condemnedSums),
      ...(found.repeats === 0 ? {} : { repeats: pick(found.repeatsSums) }),
      ...(forgotten.length === 0 ? {} : { forgotten: pick(forgotten) }),
    };
    const declared = measure === contract.csv.totalRowColumn ? totalRow?.declared : undefined;
    const out = outOf(total);
    const met = sameDecimal(total.in, out) && (declared === undefined || sameDecimal(total.in, declared));
    return { ...total, ...(declared === undefined ? {} : { declared }), met };
  });
}

const outOf = ({
  silver,
  quarantined,
  condemned,
  repeats = '0',
  forgotten = '0',
}: Omit<ControlTotal, 'met'>): string =>
  [silver, quarantined, condemned, repeats, forgotten].reduce(addDecimals);

function describeMiss(total: ControlTotal): string {
  const what = total.by === null ? total.measure : `${total.measure} in ${total.by}`;
  const out = outOf(total);
  return total.declared !== undefined && sameDecimal(total.in, out)
    ? `its total row says ${what} is ${total.declared}, but its records add up to ${total.in}`
    : `${what} was ${total.in} coming in and is ${out} going out`;
}

function verdictOf(text: string): 'quarantined' | 'condemned' | 'repeats' {
  return text === 'condemned' || text === 'repeats' ? text : 'quarantined';
}

function entry(found: Map<string, FoundInFile>, sourceFileId: string): FoundInFile {
  const known = found.get(sourceFileId) ?? emptyFind();
  found.set(sourceFileId, known);
  return known;
}
