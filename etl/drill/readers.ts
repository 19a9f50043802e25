import { type Engine, integerOf, readParquet, type SqlRow, textOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import type { Effects } from '../ports.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import { DRILL_DATASET, DRILL_GOLD } from './drill-contracts.ts';
import { type Expected, expectedOf, type SourceFile } from './source-file.ts';

/** What the readers of a drill's lake see, checked against what they must see. */
export class Readers {
  readonly #effects: Effects;
  readonly #engine: Engine;
  /** Every file dropped, by its key in Bronze. */
  readonly #dropped: ReadonlyMap<string, SourceFile>;
  /** What each snapshot of Silver must hold, by its id. */
  readonly #snapshots = new Map<number, Expected>();
  #lastVersion = 0;
  /** The commit that each pointer was at when it was last looked at. */
  readonly #lastCommits = new Map<string, Pointer>();
  #lastKeys: ReadonlySet<string> = new Set();
  looks = 0;

  constructor(effects: Effects, engine: Engine, dropped: ReadonlyMap<string, SourceFile>) {
    this.#effects = effects;
    this.#engine = engine;
    this.#dropped = dropped;
  }

  /** What is wrong with what a reader sees now: nothing where every table is of whole runs and of the same ones. */
  async look(): Promise<string[]> {
    this.looks++;
    return [...(await this.#lookAtDataset()), ...(await this.#lookAtOldest()), ...(await this.#lookAtGold())];
  }

  /** The oldest kept snapshot must be readable in full. Files that only older ones named may go. */
  async #lookAtOldest(): Promise<string[]> {
    const pointer = await this.#pointer('silver');
    const state = pointer?.tables.silver;
    if (pointer === undefined || state === undefined) return [];
    const { objects } = this.#effects;
    const { metadata } = await openTable(objects, state);
    const id = metadata.snapshots[0]?.['snapshot-id'] ?? 0;
    const expected = this.#snapshots.get(id);
    return expected === undefined ? [] : await this.#compareSilver(pointer, expected, id);
  }

  /** Keys of the files that the ledger has dealt with. */
  async settled(): Promise<Set<string>> {
    const pointer = await this.#pointer('silver');
    const ledger = pointer === undefined ? [] : await this.#ledger(pointer);
    return new Set(ledger.map(({ key }) => key));
  }

  async #lookAtDataset(): Promise<string[]> {
    const pointer = await this.#pointer('silver');
    if (pointer === undefined) return [];
    const ledger = await this.#ledger(pointer);
    const problems: string[] = [];
    const keys = ledger.map(({ key }) => key);
    if (new Set(keys).size < keys.length) problems.push('a file stands twice in the ledger');
    problems.push(...this.#sameCommit(pointer), ...this.#compareWithLast(pointer, new Set(keys)));
    const accepted = ledger.filter(({ status }) => status === 'accepted').map(({ key }) => this.#fileOf(key));
    const texts = new Set(accepted.map(({ text }) => text));
    if (texts.size < accepted.length) problems.push('two files with the same bytes were accepted');
    for (const { key } of ledger.filter(({ status }) => status === 'repeat')) {
      if (!texts.has(this.#fileOf(key).text)) problems.push(`${key} repeats no accepted file`);
    }
    const expected = expectedOf(accepted);
    this.#snapshots.set(pointer.snapshot_id, expected);
    problems.push(...(await this.#compareSilver(pointer, expected)));
    const forgotten = ledger.reduce((sum, file) => sum + file.forgotten, 0);
    if (forgotten !== expected.forgotten)
      problems.push(`the ledger has ${forgotten} records of people forgotten, not ${expected.forgotten}`);
    for (const layer of ['quarantine', 'condemned'] as const) {
      const wanted = layer === 'quarantine' ? expected.quarantined : expected.condemned;
      const found = (await this.#rows(pointer, layer, 'count(*) AS n'))[0];
      const n = found === undefined ? 0 : integerOf(found, 'n');
      if (n !== wanted) problems.push(`${layer} has ${n} records, not ${wanted}`);
    }
    return problems;
  }

  /** A version is one commit for good. If another takes its place, a commit was lost, even with equal contents. */
  #sameCommit(pointer: Pointer): string[] {
    const { dataset, version } = pointer;
    const last = this.#lastCommits.get(dataset);
    this.#lastCommits.set(dataset, pointer);
    const isOther = last?.version === version && JSON.stringify(last) !== JSON.stringify(pointer);
    return isOther ? [`commit ${version} of ${dataset} was made twice: one of them is lost`] : [];
  }

  /** Checks every commit: each must build on the previous one. */
  #compareWithLast({ version }: Pointer, keys: ReadonlySet<string>): string[] {
    const problems: string[] = [];
    if (version !== this.#lastVersion && version !== this.#lastVersion + 1)
      problems.push(`commit ${version} came after commit ${this.#lastVersion}`);
    for (const key of this.#lastKeys) if (!keys.has(key)) problems.push(`${key} was published and is gone`);
    this.#lastVersion = version;
    this.#lastKeys = keys;
    return problems;
  }

  async #compareSilver(pointer: Pointer, { silver }: Expected, snapshotId?: number): Promise<string[]> {
    const rows = await this.#rows(
      pointer,
      'silver',
      "id, strftime(paid_on, '%Y-%m-01') AS month, CAST(amount * 100 AS BIGINT) AS cents",
      snapshotId,
    );
    const problems: string[] = [];
    const seen = new Set<string>();
    for (const row of rows) {
      const id = textOf(row, 'id');
      const wanted = silver.get(id);
      if (wanted === undefined) problems.push(`Silver has ${id}, which no accepted file has`);
      else if (wanted.month !== row.month || wanted.cents !== integerOf(row, 'cents'))
        problems.push(`${id} has other values than in its file`);
      if (seen.has(id)) problems.push(`${id} is in Silver twice`);
      seen.add(id);
    }
    for (const id of silver.keys()) if (!seen.has(id)) problems.push(`${id} is missing from Silver`);
    return problems;
  }

  async #lookAtGold(): Promise<string[]> {
    const pointer = await this.#pointer('gold');
    if (pointer === undefined) return [];
    const problems = this.#sameCommit(pointer);
    const snapshot = pointer.inputs?.[DRILL_DATASET] ?? 0;
    const expected = this.#snapshots.get(snapshot);
    if (expected === undefined)
      return [...problems, `Gold was made from snapshot ${snapshot}, which no reader ever saw`];
    const rows = await this.#rows(
      pointer,
      'gold',
      "strftime(as_of_month, '%Y-%m-%d') AS month, payments, CAST(amount * 100 AS BIGINT) AS cents",
    );
    const found = rows.map(
      (row) => `${textOf(row, 'month')} ${integerOf(row, 'payments')} ${integerOf(row, 'cents')}`,
    );
    const wanted = [...expected.months].map(
      ([month, { payments, cents }]) => `${month} ${payments} ${cents}`,
    );
    return found.sort().join() === wanted.sort().join()
      ? problems
      : [
          ...problems,
          `Gold says ${found.join(', ')} where Silver's snapshot ${snapshot} has ${wanted.join(', ')}`,
        ];
  }

  async #pointer(layer: 'silver' | 'gold'): Promise<Pointer | undefined> {
    const dataset = layer === 'gold' ? DRILL_GOLD : DRILL_DATASET;
    return (await readPointer(this.#effects.objects, layer, dataset))?.pointer;
  }

  async #ledger(pointer: Pointer): Promise<{ key: string; status: string; forgotten: number }[]> {
    const rows = await this.#rows(pointer, 'source_files', 'source_file, status, forgotten');
    return rows.map((row) => ({
      key: textOf(row, 'source_file'),
      status: textOf(row, 'status'),
      forgotten: integerOf(row, 'forgotten'),
    }));
  }

  async #rows(
    pointer: Pointer,
    layer: 'silver' | 'gold' | 'quarantine' | 'condemned' | 'source_files',
    columns: string,
    snapshotId?: number,
  ): Promise<SqlRow[]> {
    const state = pointer.tables[layer];
    if (state === undefined) return [];
    const { objects, data } = this.#effects;
    const table = await openTable(objects, state);
    const files = await filesOf(table, snapshotId);
    if (files.length === 0) return [];
    const paths = await Promise.all(files.map(({ key }) => data.localPath(key)));
    return this.#engine.rows(`SELECT ${columns} FROM ${readParquet(paths)} AS ${identifier(layer)}`);
  }

  #fileOf(key: string): SourceFile {
    const file = this.#dropped.get(key);
    if (file === undefined) throw new RangeError(`${key} was never dropped`);
    return file;
  }
}
