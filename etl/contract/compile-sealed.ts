import { literal } from '../engine/sql.ts';
import { BLANKS, rawName } from './compile-column.ts';
import type { ContractColumn, SourceContract } from './contract.ts';

/** A column in whose cells envelopes and references of subjects stand, as SQL needs to know it. */
export interface SealedColumn {
  /** Whether a subject's reference may stand in the place of an envelope. */
  readonly isPseudonym: boolean;
  /** Whose values they are: the same text for the same subject of a record. */
  readonly subject: string;
  /** Whether that is the subject of the whole record. */
  readonly isOfRecord: boolean;
  /** The vault's ids of the column. */
  readonly ids: readonly string[];
}

/** The sealed columns of a dataset, by name. */
export type SealedColumns = ReadonlyMap<string, SealedColumn>;

/** How sealed cells are read. */
export interface Unsealing {
  readonly columns: SealedColumns;
  /** SQL of an opened cell, over one that begins like an envelope: its text, or one of UNOPENED. */
  readonly open: (cell: string) => string;
  /** Whether an opened text may begin or end with a blank; it may unless said. */
  readonly hasEdgeBlanks?: boolean;
}

/** What stands in the place of a text that can't be read. No value holds a NUL. */
export const UNOPENED = { gone: '\0gone', tampered: '\0tampered', forgotten: '\0forgotten' } as const;

/** What is wrong with a sealed cell, or with the worst one of a record. */
export const FAULT = { none: 0, gone: 1, tampered: 2, forgotten: 3 } as const;

/** Name of the worst fault of a record. */
export const FAULT_NAME = 'fault$';

/** Whom a record names, where everybody is told apart by 26 digits of base32. */
const REFERENCE = '[a-z2-7]{26}';

/** SQL names of a sealed column on its way: what opening it gave, its FAULT, whether it is a reference, and its text. */
const openedName = (index: number): string => `"sx$${index}"`;
export const faultName = (index: number): string => `"sf$${index}"`;
export const referenceName = (index: number): string => `"sp$${index}"`;
const unsealedName = (index: number): string => `"su$${index}"`;

type Read = Pick<SourceContract, 'columns' | 'csv'>;

/** SQL of the text that stands in a column's cell, over the steps before: sealed ones are opened. */
export const clearName = (unsealing: Unsealing | undefined, name: string, index: number): string =>
  unsealing?.columns.has(name) === true ? unsealedName(index) : rawName(index);

/** SQL of a cell that may be sealed, opened; what can't be read has no text. */
export function openedSql(unsealing: Unsealing, cell: string): string {
  const opened = `CASE WHEN starts_with(${cell}, '~') THEN ${unsealing.open(cell)} ELSE ${cell} END`;
  return `CASE WHEN NOT starts_with(${opened}, chr(0)) THEN ${opened} END`;
}

/**
 * The steps that open sealed cells, to stand behind the step `raw`; none where nothing is sealed. They add `fault$`, the
 * record's worst FAULT.
 */
export function unsealSteps(
  contract: Read,
  unsealing: Unsealing | undefined,
): { readonly steps: string[]; readonly from: string } {
  const sealed = contract.columns.flatMap((column, index) => {
    const found = unsealing?.columns.get(column.name);
    return found === undefined ? [] : [{ ...found, column, index }];
  });
  if (unsealing === undefined) return { steps: [], from: 'raw' };
  const nothing = `CAST(${FAULT.none} AS TINYINT)`;
  if (sealed.length === 0)
    return { steps: [`, unsealed AS (SELECT *, ${nothing} AS ${FAULT_NAME} FROM raw)`], from: 'unsealed' };
  const each = (sql: (one: (typeof sealed)[number]) => string): string =>
    sealed.map((one) => `, ${sql(one)}`).join('');
  const opened = each(({ index }) => {
    const cell = rawName(index);
    return `CASE WHEN starts_with(${cell}, '~') THEN ${unsealing.open(cell)} ELSE ${cell} END AS ${openedName(index)}`;
  });
  const faults = each(
    (one) =>
      `CAST(${faultSql(one, contract)} AS TINYINT) AS ${faultName(one.index)}, ${referenceSql(one)} AS ${referenceName(one.index)}`,
  );
  const texts = each(
    ({ index }) =>
      `CASE WHEN ${faultName(index)} = ${FAULT.none} THEN ${openedName(index)} END AS ${unsealedName(index)}`,
  );
  const worst = [...sealed.map(({ index }) => faultName(index)), ...mixedSql(sealed)];
  return {
    steps: [
      `, opened AS (SELECT *${opened} FROM raw)`,
      `, faults AS (SELECT *${faults} FROM opened)`,
      `, unsealed AS (SELECT *${texts}, CAST(greatest(${nothing}, ${worst.join(', ')}) AS TINYINT) AS ${FAULT_NAME} FROM faults)`,
    ],
    from: 'unsealed',
  };
}

interface Placed extends SealedColumn {
  readonly column: ContractColumn;
  readonly index: number;
}

const referenceSql = ({ isPseudonym, index }: Placed): string =>
  isPseudonym ? `coalesce(regexp_full_match(${rawName(index)}, ${literal(REFERENCE)}), false)` : 'false';

/** What stands in a sealed column without being sealed is a text that means no value, or was put there by somebody. */
function faultSql(one: Placed, { csv }: Read): string {
  const { column, index, ids, isOfRecord } = one;
  const [cell, opened] = [rawName(index), openedName(index)];
  const { none, gone, tampered, forgotten } = FAULT;
  const nulls = ['', ...csv.nullValues, ...(column.nullValues ?? [])].map(literal).join(', ');
  const isOwn = `regexp_full_match(substr(${cell}, 4, 8), ${literal(ids.length === 0 ? 'none' : ids.join('|'))})`;
  return `CASE WHEN ${cell} IS NULL THEN ${none}
    WHEN starts_with(${cell}, '~') THEN CASE
      WHEN ${opened} = ${nul(UNOPENED.forgotten)} THEN ${isOfRecord ? forgotten : gone}
      WHEN NOT ${isOwn} THEN ${tampered} WHEN ${opened} = ${nul(UNOPENED.gone)} THEN ${gone}
      WHEN starts_with(${opened}, chr(0)) THEN ${tampered} ELSE ${none} END
    WHEN ${referenceSql(one)} OR list_contains([${nulls}], trim(${cell}, ${literal(BLANKS)})) THEN ${none} ELSE ${tampered} END`;
}

const nul = (text: string): string => `chr(0) || ${literal(text.slice(1))}`;

/** Whether values that should be one subject's are of several: somebody moved them from one record to another. */
function mixedSql(sealed: readonly Placed[]): string[] {
  const subjects = new Set(sealed.map(({ subject }) => subject));
  return [...subjects].flatMap((subject) => {
    const named = sealed.filter((one) => one.subject === subject).map(({ index }) => namedSql(index));
    if (named.length < 2) return [];
    const list = named.join(', ');
    return [`CASE WHEN least(${list}) <> greatest(${list}) THEN ${FAULT.tampered} END`];
  });
}

/** Whom a cell names; NULL where it names nobody. */
function namedSql(index: number): string {
  const cell = rawName(index);
  return `CASE WHEN ${referenceName(index)} THEN ${cell} WHEN starts_with(${cell}, '~1.') AND length(${cell}) >= 46 THEN substr(${cell}, 13, 26) END`;
}

/** SQL of what the table gets of a sealed column: the cell as it came, unless it says no value. */
export const sealedValueSql = (text: string, index: number): string =>
  `CASE WHEN ${text} IS NOT NULL OR ${faultName(index)} <> ${FAULT.none} THEN ${rawName(index)} END`;

/** Whether nothing can be said of a sealed column's value: it can't be read, or a reference stands in its place. */
export const isExcused = (index: number): string =>
  `(${faultName(index)} <> ${FAULT.none} OR ${referenceName(index)})`;
