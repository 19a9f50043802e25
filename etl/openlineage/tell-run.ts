import type { SourceContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { messageOf } from '../errors.ts';
import { tableName } from '../naming/datasets.ts';
import { planKey, sealKey } from '../naming/runs.ts';
import type { Clock, Effects, Lineage } from '../ports.ts';
import { Plan, Seal } from '../stages/documents.ts';
import type { RunInput } from '../stages/stage.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import { readPointer } from '../table/pointer.ts';
import { bronzeInput, datasetOutputs, tableFacets, tablePlace } from './datasets.ts';
import { engineFacet, errorFacet, facet, type LineageRun, lineageEvent, lineageRunId } from './event.ts';
import { goldRun } from './gold-run.ts';
import { projectionRun } from './projection-run.ts';

/** Reports a run's start: which files it reads, and which table it may publish to. */
export async function tellStart(effects: Effects, run: RunInput): Promise<void> {
  await tell(effects, run, async ({ contract, head }) => {
    const { objects } = effects;
    const pointer = (await readPointer(objects, 'silver', run.dataset))?.pointer;
    const place = tablePlace(objects, 'silver', { dataset: run.dataset, pointer });
    const facets = tableFacets(contract, undefined);
    const inputs = [bronzeInput(objects, run.dataset, undefined)];
    return [{ ...head, eventType: 'START', inputs, outputs: [{ ...place, facets }] }];
  });
}

/** The outcome of a run that didn't publish, or not yet. */
export interface Ended {
  readonly eventType: 'FAIL' | 'ABORT' | 'OTHER';
  readonly why: readonly string[];
}

/** Reports that a run failed, was refused or is held, and why; for a run that was never planned, also its start. */
export async function tellEnd(effects: Effects, run: RunInput, { eventType, why }: Ended): Promise<void> {
  await tell(effects, run, async ({ head, plan, seal }) => {
    const message = why.join('; ');
    const inputs = [bronzeInput(effects.objects, run.dataset, seal)];
    const runFacets = { ...head.runFacets, errorMessage: errorFacet(message) };
    const start: LineageRun[] = plan === undefined ? [{ ...head, eventType: 'START', inputs }] : [];
    return [...start, { ...head, eventType, runFacets, inputs }];
  });
}

/** Gold tables that were made anew after a run, as refresh-gold says. */
type Refreshed = readonly { readonly table: string; readonly rows: number }[];

/** What followed a run, as refresh-gold says. */
export interface Followed {
  readonly refreshed: Refreshed;
  readonly projections: readonly { readonly table: string }[];
  readonly failed: readonly { readonly table: string; readonly code: string }[];
}

/** Nothing followed. */
export const NOTHING_FOLLOWED: Followed = { refreshed: [], projections: [], failed: [] };

/**
 * Reports that a run was published, with what it read and wrote, and each Gold table and projection that followed, or that
 * could not, as its own run.
 */
export async function tellComplete(effects: Effects, run: RunInput, followed: Followed): Promise<void> {
  await tell(effects, run, async ({ contract, head, plan, seal }) => {
    const { objects } = effects;
    const pointer = (await readPointer(objects, 'silver', run.dataset))?.pointer;
    const followers = [
      ...(await goldRuns(effects, head, followed.refreshed)),
      ...(await projectionRuns(effects, head, followed)),
    ];
    // An earlier run, or a person's decision, published it: not this workflow's run.
    if (plan === undefined || seal === undefined || pointer?.run_id !== run.runId) return followers;
    const inputs = [bronzeInput(objects, run.dataset, seal)];
    const outputs = datasetOutputs(objects, contract, { pointer, counts: seal.counts });
    return [{ ...head, eventType: 'COMPLETE', inputs, outputs }, ...followers];
  });
}

async function goldRuns(effects: Effects, head: Head, refreshed: Refreshed): Promise<LineageRun[]> {
  const { contracts } = await loadContracts(effects.contracts);
  const runs: LineageRun[] = [];
  for (const contract of contracts.values()) {
    const table = tableName('gold', contract.dataset);
    const done = refreshed.find((one) => one.table === table);
    if (contract.layer !== 'gold' || done === undefined) continue;
    const { sql, inputs, output } = await goldRun(effects, contract, { contracts, rows: done.rows });
    const gold: Omit<LineageRun, 'eventType'> = {
      ...head,
      job: contract.dataset,
      jobFacets: { sql: facet('SQLJobFacet', '1-1-0', { query: sql, dialect: 'duckdb' }) },
      runFacets: { ...head.runFacets, parent: parentOf(head) },
      inputs,
      outputs: [output],
    };
    runs.push({ ...gold, eventType: 'START' }, { ...gold, eventType: 'COMPLETE' });
  }
  return runs;
}

async function projectionRuns(
  effects: Effects,
  head: Head,
  { projections, failed }: Followed,
): Promise<LineageRun[]> {
  const { contracts } = await loadContracts(effects.contracts);
  const runs: LineageRun[] = [];
  for (const contract of contracts.values()) {
    if (contract.layer !== 'projection') continue;
    const named = tableName('projection', contract.dataset);
    const failure = failed.find(({ table }) => table === named);
    if (failure === undefined && !projections.some(({ table }) => table === named)) continue;
    const { inputs, output } = await projectionRun(effects, contract, contracts);
    const runFacets = { ...head.runFacets, parent: parentOf(head) };
    const own = { ...head, job: contract.dataset, runFacets, inputs, outputs: [output] };
    runs.push({ ...own, eventType: 'START' });
    if (failure === undefined) runs.push({ ...own, eventType: 'COMPLETE' });
    else {
      // Its message may name a stream, and events of lineage hold no value of a row.
      const errorMessage = errorFacet(`${failure.code}: ${named} stays as it was; its alert says why.`);
      runs.push({ ...own, eventType: 'FAIL', runFacets: { ...runFacets, errorMessage }, outputs: [] });
    }
  }
  return runs;
}

/** The run after which another table was made. */
const parentOf = (head: Head) =>
  facet('ParentRunFacet', '1-2-0', {
    run: { runId: lineageRunId(head.job, head.runId) },
    job: { namespace: head.namespace, name: head.job },
  });

type Head = Omit<LineageRun, 'eventType' | 'inputs' | 'outputs'>;

interface Known {
  readonly contract: SourceContract;
  readonly head: Head;
  readonly plan: Plan | undefined;
  readonly seal: Seal | undefined;
}

/**
 * Sends events made from what is known of a run; none if nobody listens or the dataset has no contract. Never throws:
 * the stage finds a damaged lake itself, and lineage must fail no run.
 */
async function tell(
  effects: Effects,
  run: RunInput,
  eventsOf: (known: Known) => Promise<readonly LineageRun[]>,
): Promise<void> {
  const { lineage } = effects;
  if (lineage === undefined) return;
  let events: readonly LineageRun[] = [];
  try {
    const known = await knownOf(effects, run, lineage.namespace);
    if (known !== undefined) events = await eventsOf(known);
  } catch (error) {
    lineage.unmade(messageOf(error));
  }
  await sendInTime(effects.clock, lineage, events);
}

/** How long one telling may take: a slow server doesn't keep a run that made many Gold tables. */
const TELLING_MS = 10_000;

async function sendInTime(clock: Clock, lineage: Lineage, events: readonly LineageRun[]): Promise<void> {
  const endMs = clock.now().getTime() + TELLING_MS;
  for (const [n, event] of events.entries()) {
    if (n > 0 && clock.now().getTime() >= endMs)
      return lineage.unmade(`it took ${n} of ${events.length} events in ${TELLING_MS / 1000} s.`);
    await lineage.emit(lineageEvent(event));
  }
}

async function knownOf(
  effects: Effects,
  { dataset, runId }: RunInput,
  namespace: string,
): Promise<Known | undefined> {
  const contract = (await loadContracts(effects.contracts)).contracts.get(dataset);
  if (contract?.layer !== 'silver') return undefined;
  const plan = await find(effects, planKey(dataset, runId), Plan);
  const seal =
    plan === undefined ? undefined : await find(effects, sealKey(dataset, plan.contractVersion, runId), Seal);
  const eventTime = effects.clock.now().toISOString();
  const runFacets = { processing_engine: engineFacet() };
  return { contract, plan, seal, head: { eventTime, namespace, job: dataset, runId, runFacets } };
}

async function find<T>(
  { objects }: Effects,
  key: string,
  shape: Parameters<typeof parseDocument<T>>[2],
): Promise<T | undefined> {
  const stored = await objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, shape);
}
