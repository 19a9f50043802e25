import { askAssay, differences, type EngineTable, type Rows, selectAll, tablesOf } from './lake.ts';
import type { Cell, Reader } from './reader.ts';
import type { Engine } from './reading.ts';

/** One column of some rows that gets another value. */
export interface Change {
  readonly column: string;
  readonly value: string;
  readonly condition: string;
}

/** An engine that writes. Conditions are SQL that every engine understands: `column = value`. */
export interface WritingEngine extends Engine {
  /** Appends the rows that a condition finds once more. */
  append(table: EngineTable, condition: string): Promise<void>;
  remove(table: EngineTable, condition: string): Promise<void>;
  change?(table: EngineTable, change: Change): Promise<void>;
  /** Writes the data files, and where it can the manifests, anew. */
  rewrite(table: EngineTable): Promise<void>;
  /** Forgets every snapshot but the current one. */
  expire(table: EngineTable): Promise<void>;
  /** Where the current metadata is. */
  metadataOf(table: EngineTable): Promise<string>;
  snapshotsOf(table: EngineTable): Promise<number>;
}

type Row = readonly Cell[];
/** What a step does, and what it makes of the rows. */
interface Step {
  readonly name: string;
  readonly run: () => Promise<void>;
  readonly rows?: (rows: readonly Row[]) => Row[];
}

/** Which rows of a table the story is about: those whose column has a value. */
interface Subject {
  readonly name: string;
  readonly column: string;
  readonly value: string;
  /** A text column that a change is tried with. */
  readonly text?: string;
}

const SUBJECTS: readonly Subject[] = [
  { name: 'silver.lab_samples', column: 'source_row_number', value: '7', text: 'note' },
  { name: 'quarantine.lab_samples', column: 'source_row_number', value: '3', text: 'raw_text' },
  { name: 'gold.lab_monthly_samples', column: 'samples', value: '25' },
];

/**
 * Has an engine append, change, delete, rewrite and expire in a table of each layer, and says where it, or PyIceberg
 * after the last step, then reads something else than what should be there.
 */
export async function compareWrites(
  engine: WritingEngine,
  pyiceberg: Reader,
  folder: string,
): Promise<string[]> {
  const found: string[] = [];
  const tables = await tablesOf(folder);
  for (const subject of SUBJECTS) {
    const table = tables.find(({ namespace, name }) => `${namespace}.${name}` === subject.name);
    if (table === undefined) throw new Error(`There is no ${subject.name}.`);
    const before = await askAssay(folder, selectAll(table));
    let expected: Rows = before;
    for (const step of stepsOf(engine, table, { subject, columns: before.columns })) {
      expected = { ...expected, rows: step.rows?.(expected.rows) ?? expected.rows };
      const what = `${subject.name} after ${step.name}`;
      try {
        await step.run();
        found.push(...differences(what, await engine.read(table), expected));
      } catch (error) {
        found.push(`${what}: ${error instanceof Error ? error.message : error}`.slice(0, 1000));
      }
    }
    const metadata = await engine.metadataOf(table);
    found.push(
      ...differences(
        `${subject.name} as PyIceberg reads it`,
        await pyiceberg.rows({ do: 'read', metadata }),
        expected,
      ),
    );
    const left = await engine.snapshotsOf(table);
    if (left !== 1) found.push(`${subject.name}: ${left} snapshots are left`);
  }
  return found;
}

function stepsOf(
  engine: WritingEngine,
  table: EngineTable,
  { subject, columns }: { readonly subject: Subject; readonly columns: readonly string[] },
): Step[] {
  const { column, value, text } = subject;
  const condition = `${column} = ${value}`;
  const at = columns.indexOf(column);
  const isMeant = (row: Row): boolean => row[at] === value;
  const change = engine.change?.bind(engine);
  const changed = columns.indexOf(text ?? '');
  return [
    {
      name: 'an append',
      run: () => engine.append(table, condition),
      rows: (rows) => [...rows, ...rows.filter(isMeant)],
    },
    ...(change === undefined || text === undefined
      ? []
      : [
          {
            name: 'a change',
            run: () => change(table, { column: text, value: 'otherwise', condition }),
            rows: (rows: readonly Row[]) =>
              rows.map((row) => (isMeant(row) ? row.with(changed, 'otherwise') : row)),
          },
        ]),
    { name: 'a rewrite', run: () => engine.rewrite(table) },
    {
      name: 'a deletion',
      run: () => engine.remove(table, condition),
      rows: (rows) => rows.filter((row) => !isMeant(row)),
    },
    { name: 'an expiry', run: () => engine.expire(table) },
  ];
}
