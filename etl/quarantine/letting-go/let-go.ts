import type { SourceContract } from '../../contract/contract.ts';
import { ConfigError, ConflictError } from '../../errors.ts';
import { decisionKey } from '../../naming/decisions.ts';
import type { Word } from '../../operations/decide-run.ts';
import { type Bench, withBench } from '../../operations/rewrite-bin.ts';
import { withWriter } from '../../operations/with-writer.ts';
import type { Effects } from '../../ports.ts';
import { recordDecision } from '../../stages/decisions.ts';
import { followCatalog } from '../../stages/follow-catalog.ts';
import { readKnownPointer } from '../../stages/known-pointer.ts';
import { listWithheld } from '../../stages/list-sources.ts';
import { newRunId } from '../../stages/run-id.ts';
import { openTable } from '../../table/lake-table.ts';
import type { Pointer, ReadPointer } from '../../table/pointer.ts';
import { type BlankedTable, type Blanking, blankTable } from './blank-rows.ts';
import { commitBlanked } from './commit-blanked.ts';
import {
  type DueRecords,
  type DueRun,
  findDue,
  NOTHING_DUE,
  type RejectTable,
  rejectTables,
} from './due-records.ts';
import { readLetGoNote } from './let-go-note.ts';

/** How often a lost race is run again. */
const ATTEMPTS = 5;

/** What was let go of a dataset, or would be. */
export interface LetGo {
  readonly dataset: string;
  /** Version of the pointer; 0 where nothing was ever published. */
  readonly version: number;
  /** Records; each may have rows of several runs. */
  readonly records: number;
  /** Their rows in quarantine, and condemned. */
  readonly quarantined: number;
  readonly condemned: number;
  /** Since when the first and the last of them counted; null where none is due. */
  readonly oldest: string | null;
  readonly newest: string | null;
  readonly runs: readonly DueRun[];
}

/** Which records are to go. */
export interface LetGoRequest {
  readonly contract: SourceContract;
  /** Records that were condemned, or else first rejected, before this moment. */
  readonly before: Date;
}

/** What of a dataset would be let go. Changes nothing. */
export function previewLetGo(effects: Effects, { contract, before }: LetGoRequest): Promise<LetGo> {
  const { dataset } = contract;
  return withBench(effects, 'let-go', async ({ engine }) => {
    const pointer = (await readKnownPointer(effects.objects, 'silver', dataset))?.pointer;
    const tables = pointer === undefined ? [] : await rejectTables(effects, pointer);
    return summaryOf(pointer, dataset, await findDue(engine, effects, { dataset, tables, before }));
  });
}

/**
 * Lets records go whose legal time is over, by a person's word, in one commit: the values of condemned and quarantined
 * records, as they came and in reasons, leave the tables, with every snapshot that had them; where each record lay, its
 * hash and its codes stay, so that seals can be proven and its failures still count. The catalog follows. A repeat
 * changes nothing, and ends what a process left that died. Throws ConfigError `HELD_RUN` while a run is held, `TAGGED`,
 * and DataError `ROWS_CHANGED`.
 */
export async function letGo(effects: Effects, request: LetGoRequest, word: Word): Promise<LetGo> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await letGoOnce(effects, request, word);
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function letGoOnce(effects: Effects, { contract, before }: LetGoRequest, word: Word): Promise<LetGo> {
  const { dataset } = contract;
  const read = await readKnownPointer(effects.objects, 'silver', dataset);
  if (read === undefined) return summaryOf(undefined, dataset, NOTHING_DUE);
  await settle(effects, read.pointer);
  return withBench(effects, 'let-go', async (bench) => {
    const tables = await rejectTables(effects, read.pointer);
    const due = await findDue(bench.engine, effects, { dataset, tables, before });
    const summary = summaryOf(read.pointer, dataset, due);
    if (due.records === 0) {
      await followCatalog(effects, contract);
      return summary;
    }
    await requireNoneHeld(effects, dataset);
    const id = newRunId(effects.clock.now());
    return withWriter(effects, { dataset, id, kind: 'let-go' }, async () => {
      const blanked = await blankAll(bench, tables, { contract, version: read.pointer.contract_version, id });
      const { places } = due;
      const { version } = await commit(effects, { read, blanked, summary, places, before, id }, word);
      await followCatalog(effects, contract);
      return { ...summary, version };
    });
  });
}

async function blankAll(
  bench: Bench,
  tables: readonly RejectTable[],
  blanking: Blanking,
): Promise<BlankedTable[]> {
  const blanked: BlankedTable[] = [];
  for (const table of tables) {
    const one = await blankTable(bench, table, blanking);
    if (one !== undefined) blanked.push(one);
  }
  return blanked;
}

interface Committing {
  readonly read: ReadPointer;
  readonly blanked: readonly BlankedTable[];
  readonly summary: LetGo;
  readonly places: number;
  readonly before: Date;
  readonly id: string;
}

async function commit(
  effects: Effects,
  { read, blanked, summary, places, before, id }: Committing,
  word: Word,
): Promise<Pointer> {
  const { dataset, runs, ...counts } = summary;
  const now = effects.clock.now();
  const details = { ...counts, places, before: before.toISOString(), version: read.pointer.version + 1 };
  const last = { id, at: now.toISOString(), ...word, details };
  const pointer = await commitBlanked(effects, { read, blanked, last, now });
  const written = Object.fromEntries(
    runs.map(({ runId, quarantined, condemned }) => [runId, quarantined + condemned]),
  );
  const decision = { id, kind: 'let-go' as const, dataset, ...word, runId: null };
  await recordDecision(effects, { ...decision, details: { ...details, runs: written } });
  return pointer;
}

/** Records the decision of a commit whose process died before it could. */
async function settle(effects: Effects, { dataset, tables }: Pointer): Promise<void> {
  for (const state of [tables.quarantine, tables.condemned]) {
    if (state === undefined) continue;
    const note = readLetGoNote((await openTable(effects.objects, state)).metadata);
    if (note === undefined) continue;
    const { id, by, reason, details } = note.last;
    if ((await effects.objects.get(decisionKey(dataset, id))) !== undefined) continue;
    await recordDecision(effects, { id, kind: 'let-go', dataset, by, reason, runId: null, details });
  }
}

/** A held run's staged files may hold rows that were joined with its own: they would outlive the records. */
async function requireNoneHeld(effects: Effects, dataset: string): Promise<void> {
  const held = (await listWithheld(effects, dataset)).find(({ decision }) => decision === 'held');
  if (held === undefined) return;
  throw new ConfigError(
    'HELD_RUN',
    `Run ${held.runId} of ${dataset} is held, and what it staged may hold records that are to go: 'assay show ${held.runId}' shows it; approve or refuse it first. Nothing of ${dataset} was let go.`,
    { context: { dataset, runId: held.runId } },
  );
}

function summaryOf(pointer: Pointer | undefined, dataset: string, { records, runs }: DueRecords): LetGo {
  const sum = (of: (run: DueRun) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const times = runs.flatMap(({ oldest, newest }) => [oldest, newest]).sort();
  return {
    dataset,
    version: pointer?.version ?? 0,
    records,
    quarantined: sum((run) => run.quarantined),
    condemned: sum((run) => run.condemned),
    oldest: times[0] ?? null,
    newest: times.at(-1) ?? null,
    runs,
  };
}
