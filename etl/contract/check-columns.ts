import type { Contract, Measure } from './contract.ts';
import { normaliseHeader } from './header.ts';
import { didYouMean } from './nearest.ts';
import { isOpen } from './open-columns.ts';
import type { Path, Problems } from './problems.ts';
import type { ColumnDraft } from './read-column.ts';

/** Checks that look at more than one column of a contract. */

/** Columns that Assay adds to every Silver table. */
export const LINEAGE_NAMES = [
  'row_hash',
  'source_file_id',
  'source_row_number',
  'attempt_count',
  'ingestion_timestamp',
  'run_id',
] as const;

/** The column that holds unknown columns as JSON where a contract rescues them. */
export const RESCUED_NAME = 'rescued';

/**
 * Under it a record that was an event has the reasons for which it failed gates other than its contract, a list in JSON. No
 * column can be called so.
 */
export const GATES_NAME = 'failed$';

/** The column that Assay adds to every Gold table and projection. */
export const SNAPSHOT_NAME = 'silver_snapshot_id';

/** Adds a problem for each name used twice or reserved. */
export function checkNames(
  drafts: readonly ColumnDraft[],
  layer: Contract['layer'],
  problems: Problems,
): void {
  const reserved: readonly string[] = layer === 'silver' ? [...LINEAGE_NAMES, RESCUED_NAME] : [SNAPSHOT_NAME];
  const seen = new Set<string>();
  for (const { column, path } of drafts) {
    const at = [...path, 'name'];
    if (seen.has(column.name))
      problems.add(at, `is '${column.name}', which another column has; name it otherwise`);
    if (reserved.includes(column.name)) {
      problems.add(
        at,
        `is '${column.name}', which Assay adds itself (${reserved.join(', ')}); name it otherwise`,
      );
    }
    seen.add(column.name);
  }
}

const SPELLINGS = [
  'assay.headers',
  'assay.formats',
  'assay.number',
  'assay.timezone',
  'assay.nullValues',
  'assay.path',
  'assay.protect',
  'assay.pii',
] as const;

/** Adds a problem for each property that says how a source spells what a Gold table or projection computes. */
export function checkMadeColumns(drafts: readonly ColumnDraft[], problems: Problems): void {
  for (const { column, custom, path } of drafts) {
    if (column.timezone !== undefined && !custom.has('assay.timezone'))
      problems.add(
        [...path, 'logicalTypeOptions'],
        'says in which time zone times are written, which is for silver contracts; remove it: times that are made are UTC',
      );
    if (column.formats.length > 0 && !custom.has('assay.formats'))
      problems.add(
        [...path, 'logicalTypeOptions', 'format'],
        'says how a source spells dates, which is for silver contracts; remove it: dates that are made are dates',
      );
    for (const name of SPELLINGS) {
      const given = custom.get(name);
      if (given !== undefined)
        problems.add(given.path, `gives ${name}, which is for silver contracts; remove it`);
    }
  }
}

/** Adds a problem for each header spelling that would mean two columns. */
export function checkHeaders(drafts: readonly ColumnDraft[], problems: Problems): void {
  const owner = new Map<string, ColumnDraft>();
  for (const draft of drafts) {
    for (const header of draft.column.headers) {
      const other = owner.get(normaliseHeader(header));
      if (other === undefined) owner.set(normaliseHeader(header), draft);
      else if (other.column.name !== draft.column.name) {
        const message = `has the header '${header}', which already means column ${other.column.name}; keep it on one of them`;
        problems.add(draft.path, message);
      }
    }
  }
}

/**
 * The key's columns in order; a contract without one, or with one that may be empty, has a problem. Where records are told
 * apart by their own values, there are none.
 */
export function checkKey(
  drafts: readonly ColumnDraft[],
  { at, isRecordKey }: { readonly at: Path; readonly isRecordKey: boolean },
  problems: Problems,
): string[] {
  const key = drafts.filter((draft) => draft.isKey);
  for (const { column, keyPosition, path } of drafts) {
    if (keyPosition !== undefined && !key.some((draft) => draft.path === path)) {
      problems.add(
        [...path, 'primaryKeyPosition'],
        `is ${keyPosition}, but ${column.name} is not part of the key; write primaryKey: true`,
      );
    }
  }
  for (const { column, path } of isRecordKey ? key : [])
    problems.add(
      [...path, 'primaryKey'],
      `makes ${column.name} part of the key, which is the whole record by assay.key: record; keep one of the two`,
    );
  if (key.length === 0 && !isRecordKey) {
    problems.add(
      [...at, 'properties'],
      'has no key; write primaryKey: true on the columns that tell records apart, or assay.key: record where none do',
    );
  }
  for (const { column, path } of key.filter((draft) => !draft.column.required)) {
    problems.add(
      [...path, 'required'],
      `is not true, but ${column.name} is part of the key; write required: true`,
    );
  }
  const positions = key.map((draft) => draft.keyPosition);
  const last = key.at(-1);
  const mixed = positions.includes(undefined) && positions.some((position) => position !== undefined);
  if (
    last !== undefined &&
    (mixed || new Set(positions).size < positions.filter((p) => p !== undefined).length)
  ) {
    problems.add(
      [...last.path, 'primaryKeyPosition'],
      'does not put the key in one order; write 1, 2, … on its columns, or on none',
    );
  }
  const order = (draft: ColumnDraft): number => draft.keyPosition ?? 0;
  return [...key].sort((a, b) => order(a) - order(b)).map(({ column }) => column.name);
}

/** What a contract says about one of its columns by name. */
interface Reference {
  readonly name: string;
  readonly path: Path;
}

function find(
  drafts: readonly ColumnDraft[],
  { name, path }: Reference,
  problems: Problems,
): ColumnDraft | undefined {
  const draft = drafts.find(({ column }) => column.name === name);
  if (draft === undefined) {
    const names = drafts.map(({ column }) => column.name);
    problems.add(
      path,
      `is '${name}', which is no column of this contract; write one${didYouMean(name, names)}`,
    );
  }
  return draft;
}

/** Adds a problem for each column that has its time zones in one that can't hold any. */
export function checkZoneColumns(drafts: readonly ColumnDraft[], problems: Problems): void {
  for (const { column, custom } of drafts) {
    const name = column.timezone?.column;
    if (name === undefined) continue;
    const path = [...(custom.get('assay.timezone')?.path ?? []), 'column'];
    const zones = find(drafts, { name, path }, problems);
    if (zones?.type !== undefined && zones.type.kind !== 'string')
      problems.add(
        path,
        `is ${name}, a ${zones.type.kind}; write a string column: it holds zones such as Europe/London`,
      );
  }
}

/** Adds a problem where the partition column isn't a required date or timestamp. */
export function checkPartition(
  drafts: readonly ColumnDraft[],
  reference: Reference,
  problems: Problems,
): void {
  const draft = find(drafts, reference, problems);
  if (draft?.type !== undefined && draft.type.kind !== 'date' && draft.type.kind !== 'timestamptz') {
    problems.add(
      reference.path,
      `is ${reference.name}, a ${draft.type.kind}; write a date or timestamp column: its month partitions the table`,
    );
  }
  if (draft !== undefined && !draft.column.required) {
    problems.add(
      reference.path,
      `is ${reference.name}, which may be empty; write required: true on it: its month partitions the table`,
    );
  }
}

/** Adds a problem for each measure that can't be summed, or would write hidden values into the seal. */
export function checkMeasures(
  drafts: readonly ColumnDraft[],
  measures: readonly Measure[],
  { path, problems }: { readonly path: Path; readonly problems: Problems },
): void {
  for (const [i, { column: name, by }] of measures.entries()) {
    const at = [...path, i];
    const type = find(drafts, { name, path: [...at, 'column'] }, problems)?.type;
    if (type !== undefined && type.kind !== 'decimal' && type.kind !== 'long') {
      problems.add(
        [...at, 'column'],
        `is ${name}, a ${type.kind}; write a decimal or integer column: other sums are not exact`,
      );
    }
    const group = by === undefined ? undefined : find(drafts, { name: by, path: [...at, 'by'] }, problems);
    if (group !== undefined && !isOpen(group.column)) {
      problems.add(
        [...at, 'by'],
        `is ${by}, which is ${group.column.classification}; the seal shows each value of it: write a public or internal column`,
      );
    }
  }
}

/** Adds a problem where files without a header could never be read: a required column that isn't named, or one named twice. */
export function checkFileColumns(
  drafts: readonly ColumnDraft[],
  names: readonly string[],
  path: Path,
  problems: Problems,
): void {
  const given = names.map(normaliseHeader);
  for (const { column } of drafts) {
    const own = new Set(column.headers.map(normaliseHeader));
    const times = given.filter((name) => own.has(name)).length;
    if (column.required && times === 0)
      problems.add(
        path,
        `names no column for ${column.name}, which is required; write its name where it stands`,
      );
    if (times > 1)
      problems.add(path, `names ${column.name} twice; give every other column a name of its own`);
  }
}

/** Adds a problem where the total row's column isn't a measure. */
export function checkTotalRow(
  drafts: readonly ColumnDraft[],
  measures: readonly Measure[],
  reference: Reference,
  problems: Problems,
): void {
  const found = find(drafts, reference, problems);
  if (found !== undefined && !measures.some(({ column }) => column === reference.name)) {
    problems.add(
      reference.path,
      `is ${reference.name}, which is no measure; add it to assay.measures, so that the total is checked`,
    );
  }
}
