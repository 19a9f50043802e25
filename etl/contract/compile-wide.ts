import { identifier } from '../engine/sql.ts';
import { rawName } from './compile-column.ts';
import {
  compileStage,
  footerSql,
  isFooterSql,
  kindSql,
  passesSql,
  reasonsSql,
  type StageOptions,
  stagedNames,
  storedName,
  wholeFaults,
} from './compile-record.ts';
import { FAULT_NAME } from './compile-sealed.ts';
import { fieldSql, recordJson, rescuedSql, rowHashSql } from './raw-record.ts';

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

/** The columns that the steps' tables joined have, as `stagedNames` has them. */
export function wideNames(options: StageOptions): string[] {
  const stored = new Map(
    options.contract.columns.flatMap(({ name }) =>
      options.unsealing?.columns.has(name) === true ? [[identifier(name), storedName(name)] as const] : [],
    ),
  );
  return stagedNames(options).map((name) => {
    const apart = stored.get(name);
    return apart === undefined ? name : `${apart} AS ${name}`;
  });
}

/** The same staging for some of the columns, without rules. */
function slicesOf(options: StageOptions): StageOptions[] {
  const { contract, layout } = options;
  const { gates: _whole, ...rest } = layout;
  // Footers are found in the whole record only.
  const { footerPattern: _asked, ...csv } = contract.csv;
  return Array.from({ length: Math.ceil(contract.columns.length / SLICE_COLUMNS) }, (_, n) => {
    const of = <T>(all: readonly T[]): T[] => all.slice(n * SLICE_COLUMNS, (n + 1) * SLICE_COLUMNS);
    return {
      ...options,
      rules: [],
      isSlice: true as const,
      // Unknown values and gates belong to the whole record.
      contract: { ...contract, csv, unknownColumns: 'ignore' as const, columns: of(contract.columns) },
      layout: { ...rest, columns: of(layout.columns) },
    };
  });
}

/** Doesn't select the hash, kind and raw record, so that DuckDB skips them. */
function sliceStep(slice: StageOptions, n: number): StagingStep {
  const { unsealing, look } = slice;
  const names = slice.contract.columns.flatMap(({ name }) =>
    unsealing?.columns.has(name) === true ? [identifier(name), storedName(name)] : [identifier(name)],
  );
  const reasons = look === 'closer' ? [`reasons$ AS reasons$${n}`] : [];
  // Only a closer look has the faults.
  const faults =
    unsealing !== undefined && look === 'closer'
      ? [`${FAULT_NAME} AS ${FAULT_NAME}${n}`, `fitting$ AS fitting$${n}`]
      : [];
  const select = compileStage(slice).replace(/ FROM judged$/, ', position$ FROM judged');
  return {
    table: `staged_slice_${n}`,
    select: `SELECT ${[...names, `passed$ AS passed$${n}`, ...reasons, ...faults].join(', ')} FROM (${select}) ORDER BY position$`,
  };
}

/** What takes all raw values of a record: its hash, and the record and its unknown values as JSON. */
function wholeSql({ contract, layout, source, look, isRowHashNative }: StageOptions): string {
  const raw = contract.columns.map((_, index) => `${fieldSql(layout, index)} AS ${rawName(index)}`);
  const values = [
    'position$',
    `${rowHashSql(contract.columns, isRowHashNative === true)} AS row_hash`,
    ...(contract.unknownColumns === 'rescue' ? [`${rescuedSql(layout)} AS rescued`] : []),
    ...(look === 'closer' ? [`${recordJson(contract, layout)} AS record$`] : []),
  ];
  return `SELECT ${values.join(', ')} FROM (SELECT *, ${raw.join(', ')} FROM ${source}) ORDER BY position$`;
}

/** The slices' verdicts and reasons together, with those of the rules. */
function verdictsSql(options: StageOptions, slices: number, parts: readonly string[]): string {
  const { rules, source, look, unsealing } = options;
  const each = (name: string): string[] => Array.from({ length: slices }, (_, n) => `${name}${n}`);
  const known = wholeFaults(options.contract, options.layout).map((fault) => `NOT ${fault}`);
  const fits = [...each('passed$'), ...known, ...rules.map(({ sql }) => passesSql(sql))].join(' AND ');
  const isFooter = isFooterSql(options);
  const passed = isFooter === undefined ? 'fits$' : `fits$ AND NOT ${isFooter}`;
  const ofRules = reasonsSql({ ...options, contract: { ...options.contract, columns: [] } });
  const findings = [
    `CAST(${kindSql(options)} AS TINYINT) AS record_kind$`,
    `CASE WHEN NOT passed$ THEN list_concat(${[...each('reasons$'), ofRules].join(', ')}) END AS reasons$`,
    `${footerSql(options, 'fits$')} AS footer$`,
  ];
  const isSealed = unsealing !== undefined && look === 'closer';
  const fault = isSealed ? `, greatest(${each(FAULT_NAME).join(', ')}) AS ${FAULT_NAME}` : '';
  const faults = isSealed
    ? [FAULT_NAME, `(${[...each('fitting$'), ...known].join(' AND ')}) AS fitting$`]
    : [];
  return `SELECT ${['passed$', ...(look === 'closer' ? findings : []), ...faults].join(', ')}
    FROM (SELECT *, (${passed}) AS passed$ FROM (SELECT *, (${fits}) AS fits$${fault} FROM (SELECT * EXCLUDE (position$) FROM ${source}) AS fields POSITIONAL JOIN ${parts.join(' POSITIONAL JOIN ')})) ORDER BY position$`;
}
