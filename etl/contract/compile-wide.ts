import { identifier } from '../engine/sql.ts';
import { rawName } from './compile-column.ts';
import {
  compileStage,
  fieldSql,
  footerSql,
  hashInput,
  isFooterSql,
  kindSql,
  passesSql,
  reasonsSql,
  recordJson,
  rescuedSql,
  type StageOptions,
} from './compile-record.ts';

/** Columns that one statement converts and checks. */
const SLICE_COLUMNS = 200;

/** A table of a wide staging, made one after the other. */
export interface StagingStep {
  readonly table: string;
  readonly select: string;
}

/**
 * Steps that do what compileStage does, one slice of the columns at a time. Each makes a table in the records' order;
 * `from` joins them again. `source` must have `position$`, too.
 */
export function compileWide(options: StageOptions): { readonly steps: StagingStep[]; readonly from: string } {
  const slices = slicesOf(options).map((slice, n) => sliceStep(slice, n));
  const whole = { table: 'staged_whole', select: wholeSql(options) };
  const parts = [...slices.map(({ table }) => table), whole.table];
  const verdicts = { table: 'staged_verdicts', select: verdictsSql(options, slices.length, parts) };
  return {
    steps: [...slices, whole, verdicts],
    from: [...parts, verdicts.table].join(' POSITIONAL JOIN '),
  };
}

/** The same staging for some of the columns, without rules. */
function slicesOf(options: StageOptions): StageOptions[] {
  const { contract, layout } = options;
  // Footers are found in the whole record only.
  const { footerPattern: _asked, ...csv } = contract.csv;
  return Array.from({ length: Math.ceil(contract.columns.length / SLICE_COLUMNS) }, (_, n) => {
    const of = <T>(all: readonly T[]): T[] => all.slice(n * SLICE_COLUMNS, (n + 1) * SLICE_COLUMNS);
    return {
      ...options,
      rules: [],
      contract: { ...contract, csv, columns: of(contract.columns) },
      layout: { ...layout, columns: of(layout.columns) },
    };
  });
}

/** Doesn't select the hash, kind and raw record, so that DuckDB skips them. */
function sliceStep(slice: StageOptions, n: number): StagingStep {
  const names = slice.contract.columns.map(({ name }) => identifier(name));
  const reasons = slice.look === 'closer' ? [`reasons$ AS reasons$${n}`] : [];
  const select = compileStage(slice).replace(/ FROM judged$/, ', position$ FROM judged');
  return {
    table: `staged_slice_${n}`,
    select: `SELECT ${[...names, `passed$ AS passed$${n}`, ...reasons].join(', ')} FROM (${select}) ORDER BY position$`,
  };
}

/** What takes all raw values of a record: its hash, and the record and its unknown values as JSON. */
function wholeSql({ contract, layout, source, look }: StageOptions): string {
  const raw = contract.columns.map((_, index) => `${fieldSql(layout, index)} AS ${rawName(index)}`);
  const values = [
    'position$',
    `sha256(${hashInput(contract.columns)}) AS row_hash`,
    ...(contract.unknownColumns === 'rescue' ? [`${rescuedSql(layout)} AS rescued`] : []),
    ...(look === 'closer' ? [`${recordJson(contract, layout)} AS record$`] : []),
  ];
  return `SELECT ${values.join(', ')} FROM (SELECT *, ${raw.join(', ')} FROM ${source}) ORDER BY position$`;
}

/** The slices' verdicts and reasons together, with those of the rules. */
function verdictsSql(options: StageOptions, slices: number, parts: readonly string[]): string {
  const { rules, source, look } = options;
  const each = (name: string): string[] => Array.from({ length: slices }, (_, n) => `${name}${n}`);
  const fits = [...each('passed$'), ...rules.map(({ sql }) => passesSql(sql))].join(' AND ');
  const isFooter = isFooterSql(options);
  const passed = isFooter === undefined ? 'fits$' : `fits$ AND NOT ${isFooter}`;
  const ofRules = reasonsSql({ ...options, contract: { ...options.contract, columns: [] } });
  const findings = [
    `CAST(${kindSql(options)} AS TINYINT) AS record_kind$`,
    `CASE WHEN NOT passed$ THEN list_concat(${[...each('reasons$'), ofRules].join(', ')}) END AS reasons$`,
    `${footerSql(options, 'fits$')} AS footer$`,
  ];
  return `SELECT ${['passed$', ...(look === 'closer' ? findings : [])].join(', ')}
    FROM (SELECT *, (${passed}) AS passed$ FROM (SELECT *, (${fits}) AS fits$ FROM (SELECT * EXCLUDE (position$) FROM ${source}) AS fields POSITIONAL JOIN ${parts.join(' POSITIONAL JOIN ')})) ORDER BY position$`;
}
