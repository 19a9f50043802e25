import type { SourceContract } from '../contract/contract.ts';
import { type Engine, integerOf, readParquet, type SqlRow, textOf } from '../engine/engine.ts';
import { type ExactSum, exactSum } from '../engine/exact-sum.ts';
import { identitySumSql } from '../engine/record-identity.ts';
import type { MeasureSum, WrittenOfFile } from '../stages/documents.ts';
import { addDecimals, addSums } from '../sums.ts';
import { measureSql, precisionOf, scaleOf } from './rejects.ts';

/** What lies in some of Silver's files, by source_file_id. */
export type Written = Map<string, WrittenOfFile>;

/** Reads back what Silver's files (local paths) hold of each source file: how many records, which, and their measures. */
export async function readWritten(
  engine: Engine,
  contract: SourceContract,
  paths: readonly string[],
): Promise<Written> {
  const written: Written = new Map();
  if (paths.length === 0) return written;
  for (const [n, group] of (await measureGroups(engine, contract, paths)).entries())
    await readGroup(engine, group, { paths, written, isFirst: n === 0 });
  return written;
}

/** Adds what was read back to what is known of the same source files; with `sign` -1, takes it away. */
export function addWritten(to: Written, more: Written, sign: 1 | -1 = 1): void {
  for (const [id, { records, identity, sums }] of more) {
    const known = to.get(id) ?? { records: 0, identity: '0', sums: [] };
    const signed = (text: string): string => (sign === 1 ? text : negated(text));
    to.set(id, {
      records: known.records + sign * records,
      identity: addDecimals(known.identity, signed(identity)),
      sums: addSums([...known.sums, ...sums.map((one) => ({ ...one, sum: signed(one.sum) }))]),
    });
  }
}

const negated = (text: string): string => (text.startsWith('-') ? text.slice(1) : `-${text}`);

/** Measures that are added up for the values of one column, in one statement. */
interface MeasureGroup {
  readonly by: string;
  readonly sums: readonly (ExactSum & { readonly measure: string })[];
}

/** At least one group, also where the contract has no measures: what is counted goes with it. */
async function measureGroups(
  engine: Engine,
  contract: SourceContract,
  paths: readonly string[],
): Promise<MeasureGroup[]> {
  const groups = new Map<string, (ExactSum & { readonly measure: string })[]>();
  for (const [n, { column: measure }] of contract.measures.entries()) {
    const { value, by } = measureSql(contract, n);
    const type = { precision: precisionOf(contract, n), scale: scaleOf(contract, n) };
    const sum = { measure, ...(await exactSum(engine, { value, ...type, from: readParquet(paths) })) };
    groups.set(by, [...(groups.get(by) ?? []), sum]);
  }
  if (groups.size === 0) return [{ by: 'CAST(NULL AS VARCHAR)', sums: [] }];
  return [...groups].map(([by, sums]) => ({ by, sums }));
}

interface Reading {
  readonly paths: readonly string[];
  readonly written: Written;
  /** Whether the records are counted with these measures. */
  readonly isFirst: boolean;
}

async function readGroup(
  engine: Engine,
  { by, sums }: MeasureGroup,
  { paths, written, isFirst }: Reading,
): Promise<void> {
  const counted = isFirst ? `, count(*) AS n, ${identitySumSql('source_row_number')} AS identity` : '';
  const added = sums.map(({ summand }, n) => `, CAST(sum(${summand}) AS VARCHAR) AS s${n}`).join('');
  const rows = await engine.rows(
    `SELECT source_file_id AS id, ${by} AS "by"${counted}${added} FROM ${readParquet(paths)} GROUP BY ALL`,
  );
  const read = new Map<string, { records: number; identity: bigint; sums: MeasureSum[] }>();
  for (const row of rows) {
    const id = textOf(row, 'id');
    const of = read.get(id) ?? { records: 0, identity: 0n, sums: [] };
    if (isFirst) {
      of.records += integerOf(row, 'n');
      of.identity += BigInt(textOf(row, 'identity'));
    }
    of.sums.push(...sumsOf(row, sums));
    read.set(id, of);
  }
  const all = [...read].map(([id, of]) => [id, { ...of, identity: String(of.identity) }] as const);
  addWritten(written, new Map(all));
}

function sumsOf(row: SqlRow, sums: MeasureGroup['sums']): MeasureSum[] {
  const by = typeof row.by === 'string' ? row.by : null;
  return sums.flatMap(({ measure, read }, n) => {
    const total = row[`s${n}`];
    return typeof total === 'string' ? [{ measure, by, sum: read(total) }] : [];
  });
}
