import type { ProjectionContract } from '../contract/contract.ts';
import { loadContracts, requireContract } from '../contract/load-contracts.ts';
import type { Engine } from '../engine/engine.ts';
import { ConfigError, DataError } from '../errors.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import { supersededPaths } from '../eventstore/superseded.ts';
import type { Effects } from '../ports.ts';
import type { FoldCode, FoldRunner, FoldWorker } from '../projecting/fold-runner.ts';
import { foldCode, projectionCode, requireEvents } from '../projecting/projection-code.ts';
import type { AsOf } from '../query/as-of.ts';
import { keptProjection } from '../stages/kept-contracts.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { type KnownEvents, knownEvents } from './known-events.ts';
import { type ProjectionThen, projectionAt } from './projection-at.ts';
import { publishedAt } from './published-at.ts';
import { requireProjection } from './require-projection.ts';

/** A projection as of a moment: its code of then, and the events that were known. */
export interface OpenFold {
  readonly projection: ProjectionContract;
  readonly events: EventContract;
  readonly past: ProjectionThen & { readonly digest: string };
  readonly worker: FoldWorker;
  readonly code: FoldCode;
  /** Its contract of then. */
  readonly then: ProjectionContract;
  /** The events that were known then and meet a condition on Silver's columns. The engine gets temporary tables. */
  known(engine: Engine, where: string): Promise<KnownEvents>;
}

/**
 * Opens a projection as of a moment; its worker is the caller's to close. Throws ConfigError `NO_PROJECTION`,
 * `NOT_PUBLISHED`, `NO_SNAPSHOT` or `NO_CODE` where there is none, nothing was published then, or its code was not kept,
 * and DataError `EVENTS_GONE` where the events of then are not known any more.
 */
export async function openFold(effects: Effects, dataset: string, asOf: AsOf): Promise<OpenFold> {
  const loaded = await loadContracts(effects.contracts);
  const projection = requireProjection(requireContract(loaded, dataset));
  const events = requireEvents(loaded, projection);
  const silver = (await readKnownPointer(effects.objects, 'silver', events.dataset))?.pointer;
  const past = await projectionAt(effects, projection, { asOf, silver });
  const { code, digest, contract: then } = await codeOf(effects, { projection, past, source: events });
  const worker = await requireFolds(effects).open(code);
  const known = async (engine: Engine, where: string): Promise<KnownEvents> => {
    const { silverSnapshotId } = past;
    const published =
      silver === undefined ? undefined : await publishedAt(effects, silver, { silverSnapshotId });
    if (silver === undefined || published === undefined) throw silverGone(events, past);
    const superseded = [...(await supersededPaths(effects, events.dataset)).values()];
    return knownEvents(engine, effects, { contract: events, pointer: silver, published, superseded, where });
  };
  return { projection, events, past: { ...past, digest }, worker, code, then, known };
}

function requireFolds({ folds }: Effects): FoldRunner {
  if (folds !== undefined) return folds;
  throw new ConfigError(
    'NO_FOLDS',
    "This process runs no code of projections: ask where they are kept up to date, or by 'assay project' on a machine.",
  );
}

function silverGone({ dataset }: EventContract, { silverSnapshotId }: ProjectionThen): DataError {
  return new DataError(
    'EVENTS_GONE',
    `No state of ${dataset} with the snapshot ${silverSnapshotId} is known any more, which the projection was made from.`,
    { context: { dataset, snapshot: silverSnapshotId } },
  );
}

/** The code that a projection was published by; that of now, where it was not. */
async function codeOf(
  effects: Effects,
  of: {
    readonly projection: ProjectionContract;
    readonly past: ProjectionThen;
    readonly source: EventContract;
  },
): Promise<NamedCode> {
  const { projection: contract, past, source } = of;
  const { dataset } = contract;
  const { digest } = past;
  if (digest === undefined) {
    const now = await projectionCode(effects.contracts, contract, source);
    return { code: foldCode(effects, { code: now.code, contract, source }), digest: now.digest, contract };
  }
  const kept = await keptProjection(effects.objects, dataset, digest);
  if (kept !== undefined)
    return { code: foldCode(effects, { ...kept, source }), digest, contract: kept.contract };
  throw new ConfigError(
    'NO_CODE',
    `The code by which ${dataset} was published at ${new Date(past.atMs).toISOString()} is not kept: digest ${digest}.`,
    { context: { dataset, digest } },
  );
}

/** Code with its contract, and the digest that names it in answers. */
interface NamedCode {
  readonly contract: ProjectionContract;
  readonly code: FoldCode;
  readonly digest: string;
}
