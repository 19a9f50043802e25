import { loadContracts } from '../contract/load-contracts.ts';
import { tableName } from '../naming/datasets.ts';
import { pointerKey } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import type { RunInput } from '../stages/stage.ts';
import { closedMonths } from '../table/closings.ts';
import { uuidOf } from '../table/ids.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import { keepEvent, noteTold, sendEvents } from './outbox.ts';
import type { GoldPart, ProjectionPart, PublishedEvent } from './published-event.ts';
import { restatedMonths } from './restated-months.ts';
import { changeOf, type TableChange, type Told } from './table-change.ts';

/** The publication, and its cause. */
export interface Telling extends RunInput {
  /** Whether to skip Gold and projections, because they could not be made anew. */
  readonly isGoldLeftOut?: boolean;
}

/**
 * Notifies programs of what changed for readers since the last notice, in Silver and in the Gold tables and projections that follow it.
 * Compares the pointers with the states of that notice. So every publication is reported once, by the next caller if
 * its own process died. Nothing is sent where no row changed or no program listens.
 */
export async function tellPublished(effects: Effects, telling: Telling): Promise<void> {
  if (effects.events === undefined) return;
  const { objects } = effects;
  const { dataset } = telling;
  const read = await readPointer(objects, 'silver', dataset);
  if (read !== undefined) {
    const silver = await changeOf(objects, 'silver', read.pointer);
    const made = telling.isGoldLeftOut === true ? [] : await madeTables(effects, dataset);
    const gold = made.filter(({ layer }) => layer === 'gold').map(goldChange);
    const folded = made.filter(({ layer }) => layer === 'projection').map(projectionChange);
    const told = [
      ...(silver === undefined ? [] : [toldOf(dataset, silver)]),
      ...[...gold, ...folded].map(({ told }) => told),
    ];
    const changed = newsOf(gold);
    const projections = newsOf(folded);
    const isNews = (silver?.months.length ?? 0) > 0 || changed.length + projections.length > 0;
    const parts = { pointer: read.pointer, silver, gold: changed, projections, telling };
    if (isNews) await keepEvent(objects, eventOf(effects, parts));
    await noteTold(objects, told);
  }
  await sendEvents(effects, dataset);
}

const toldOf = (dataset: string, { to }: TableChange): Told => ({ dataset, ...to });

/** A table that is made of the dataset, and what became of it. */
interface MadeChange<Part> {
  /** Whether rows changed, or wait to, since the last notice. */
  readonly isNews: boolean;
  readonly told: Told;
  readonly part: Part;
}

const newsOf = <Part>(changes: readonly MadeChange<Part>[]): Part[] =>
  changes.filter(({ isNews }) => isNews).map(({ part }) => part);

/** A Gold table or a projection of the dataset, with what changed of it. */
interface MadeTable {
  readonly dataset: string;
  readonly layer: 'gold' | 'projection';
  readonly pointer: Pointer;
  readonly change: TableChange;
  readonly restated: Awaited<ReturnType<typeof restatedMonths>>;
}

async function madeTables(effects: Effects, input: string): Promise<MadeTable[]> {
  const { objects } = effects;
  const made: MadeTable[] = [];
  for (const contract of (await loadContracts(effects.contracts)).contracts.values()) {
    const { dataset, layer } = contract;
    if (layer === 'silver' || !contract.inputs.includes(input)) continue;
    const pointer = (await readPointer(objects, layer, dataset))?.pointer;
    const change = pointer === undefined ? undefined : await changeOf(objects, layer, pointer);
    if (pointer === undefined || change === undefined) continue;
    made.push({ dataset, layer, pointer, change, restated: await restatedMonths(effects, dataset, change) });
  }
  return made;
}

function projectionChange({ dataset, change, restated }: MadeTable): MadeChange<ProjectionPart> {
  const { to, before } = change;
  const part = {
    table: tableName('projection', dataset),
    ...{ ...to, before },
    restated: restated.reduce((sum, { figures }) => sum + figures, 0),
  };
  // A refresh that leaves all rows as they are makes no snapshot of them.
  const isNews = before?.snapshot !== to.snapshot;
  return { isNews, told: toldOf(dataset, change), part };
}

function goldChange({ dataset, pointer, change, restated }: MadeTable): MadeChange<GoldPart> {
  const { to, before, months, knownWaiting } = change;
  const waiting = closedMonths(pointer).flatMap(({ month, waiting: rows }) =>
    rows === undefined ? [] : [{ month, restatement: rows.id }],
  );
  const part = { table: tableName('gold', dataset), ...to, before, months: [...months], restated, waiting };
  const ids = waiting.map(({ restatement }) => restatement);
  const isNews = months.length > 0 || ids.some((id) => !knownWaiting.includes(id));
  return { isNews, told: { ...toldOf(dataset, change), waiting: ids }, part };
}

interface Parts {
  readonly pointer: Pointer;
  readonly silver: TableChange | undefined;
  readonly gold: readonly GoldPart[];
  readonly projections: readonly ProjectionPart[];
  readonly telling: Telling;
}

function eventOf({ objects }: Effects, parts: Parts): PublishedEvent {
  const { pointer, silver, gold, projections, telling } = parts;
  const { dataset, run_id: run, contract_version: contractVersion, committed_at: at } = pointer;
  const now = { version: pointer.version, snapshot: pointer.snapshot_id };
  const states = [
    now.version,
    ...[...gold, ...projections].map(({ table, version }) => `${table}@${version}`),
  ];
  return {
    format: 1,
    id: uuidOf([objects.uri(pointerKey('silver', dataset)), at, ...states].join('\n')),
    type: 'assay.published',
    at,
    dataset,
    run,
    operation: telling.runId,
    contractVersion,
    ...now,
    before: silver === undefined ? now : silver.before,
    months: [...(silver?.months ?? [])],
    gold: [...gold],
    projections: [...projections],
  };
}
