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
    const isAlone = telling.isGoldLeftOut === true;
    const gold = isAlone ? [] : await goldChanges(effects, dataset);
    const folded = isAlone ? [] : await projectionChanges(effects, dataset);
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

async function projectionChanges(effects: Effects, dataset: string): Promise<MadeChange<ProjectionPart>[]> {
  const { contracts } = await loadContracts(effects.contracts);
  const changes: MadeChange<ProjectionPart>[] = [];
  for (const contract of contracts.values()) {
    if (contract.layer !== 'projection' || !contract.inputs.includes(dataset)) continue;
    const read = await readPointer(effects.objects, 'projection', contract.dataset);
    const change =
      read === undefined ? undefined : await changeOf(effects.objects, 'projection', read.pointer);
    if (change === undefined) continue;
    const { to, before } = change;
    const restated = await restatedMonths(effects, contract.dataset, change);
    const part = {
      table: tableName('projection', contract.dataset),
      ...{ ...to, before },
      restated: restated.reduce((sum, { figures }) => sum + figures, 0),
    };
    // A refresh that leaves all rows as they are makes no snapshot of them.
    const isNews = before?.snapshot !== to.snapshot;
    changes.push({ isNews, told: toldOf(contract.dataset, change), part });
  }
  return changes;
}

async function goldChanges(effects: Effects, dataset: string): Promise<MadeChange<GoldPart>[]> {
  const { contracts } = await loadContracts(effects.contracts);
  const changes: MadeChange<GoldPart>[] = [];
  for (const contract of contracts.values()) {
    if (contract.layer !== 'gold' || !contract.inputs.includes(dataset)) continue;
    const read = await readPointer(effects.objects, 'gold', contract.dataset);
    const change = read === undefined ? undefined : await changeOf(effects.objects, 'gold', read.pointer);
    if (change === undefined) continue;
    const restated = await restatedMonths(effects, contract.dataset, change);
    const table = tableName('gold', contract.dataset);
    const { to, before, months, knownWaiting } = change;
    const waiting = closedMonths(read?.pointer ?? {}).flatMap(({ month, waiting: rows }) =>
      rows === undefined ? [] : [{ month, restatement: rows.id }],
    );
    const part = { table, ...to, before, months: [...months], restated, waiting };
    const ids = waiting.map(({ restatement }) => restatement);
    const isNews = months.length > 0 || ids.some((id) => !knownWaiting.includes(id));
    changes.push({ isNews, told: { ...toldOf(contract.dataset, change), waiting: ids }, part });
  }
  return changes;
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
