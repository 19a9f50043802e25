import type { SourceContract } from '../contract/contract.ts';
import { type Engine, integerOf, type SqlValue, textOf } from '../engine/engine.ts';
import { type ExactSum, exactSum } from '../engine/exact-sum.ts';
import { identifier } from '../engine/sql.ts';
import { precisionOf, scaleOf } from '../refining/rejects.ts';
import { FILE_OF_TRACED, fromPlaces } from './traced-places.ts';

/** The rows of `traced` that came in one file. */
export interface FileSums {
  /** The file's key. */
  readonly sourceFile: string;
  readonly rows: number;
  /** Their sums, by measure. */
  readonly measures: Readonly<Record<string, string>>;
}

/** The sum of each measure over the rows in `traced`. */
export async function sumsOf(engine: Engine, contract: SourceContract): Promise<Record<string, string>> {
  const { summands, read } = await summandsOf(engine, contract);
  if (summands.length === 0) return {};
  const { rows } = await engine.result(`SELECT ${summands.join(', ')} FROM traced`);
  return read(rows[0] ?? []);
}

/** How many rows of `traced` came in each file, and the sums of their measures. */
export async function sumsByFile(engine: Engine, contract: SourceContract): Promise<FileSums[]> {
  const { summands, read } = await summandsOf(engine, contract, 'traced.');
  const selected = [`${FILE_OF_TRACED} AS file`, 'count(*) AS n', ...summands].join(', ');
  const { rows } = await engine.result(
    `SELECT ${selected} ${fromPlaces(contract.dataset)} GROUP BY ${FILE_OF_TRACED} ORDER BY file`,
  );
  return rows.map(([file, n, ...sums]) => ({
    sourceFile: textOf({ file: file ?? null }, 'file'),
    rows: integerOf({ n: n ?? null }, 'n'),
    measures: read(sums),
  }));
}

/** SQL of the sums of a contract's measures, and how their values are read. */
async function summandsOf(engine: Engine, contract: SourceContract, of = '') {
  const sums: { readonly column: string; readonly sql: string; readonly read: ExactSum['read'] }[] = [];
  for (const [n, { column }] of contract.measures.entries()) {
    const type = { precision: precisionOf(contract, n), scale: scaleOf(contract, n) };
    const value = `${of}${identifier(column)}`;
    const { summand, read } = await exactSum(engine, { value, ...type, from: 'traced' });
    sums.push({ column, sql: `CAST(sum(${summand}) AS VARCHAR)`, read });
  }
  return {
    summands: sums.map(({ sql }) => sql),
    read: (values: readonly SqlValue[]): Record<string, string> =>
      Object.fromEntries(
        sums.map(({ column, read }, n) => {
          const total = values[n];
          return [column, typeof total === 'string' ? read(total) : '0'];
        }),
      ),
  };
}
