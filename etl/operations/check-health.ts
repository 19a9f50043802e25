import type {
  Contract,
  GoldContract,
  ProjectionContract,
  ServiceLevel,
  SourceContract,
} from '../contract/contract.ts';
import { DataError } from '../errors.ts';
import { eventLines } from '../eventstore/event-lines.ts';
import { sourceName } from '../naming/bronze.ts';
import { runRecordKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { isProtected, protectionOf } from '../privacy/protection.ts';
import { listReleaseRequests } from '../quarantine/release-requests.ts';
import { withMembers } from '../stages/archive-sources.ts';
import { clearObjects } from '../stages/clear-objects.ts';
import { keptStates, openLedger, statesOf } from '../stages/dataset-history.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import type { LedgerEntry } from '../stages/ledger.ts';
import { loadLedger } from '../stages/ledger-lookup.ts';
import { listSources, listWithheld } from '../stages/list-sources.ts';
import { isPending, openBreaker } from '../stages/make-plan.ts';
import { newRunId } from '../stages/run-id.ts';
import { closedMonths } from '../table/closings.ts';
import type { Pointer, ReadPointer } from '../table/pointer.ts';
import { lagText, measureLag } from '../tending/measure-lag.ts';
import type { Ailment } from './ailment.ts';
import { projectionBehind, tableBehind } from './check-behind.ts';
import { checkVolume } from './check-volume.ts';
import { readRun } from './find-run.ts';
import { missingSeals } from './missing-seals.ts';
import { pastItsEnd } from './past-its-end.ts';
import { dueAt } from './promised-time.ts';

/** How a dataset, or a Gold table, does. */
export interface Health {
  readonly dataset: string;
  readonly layer: Contract['layer'];
  /** When data was last published; null before the first time. */
  readonly publishedAt: string | null;
  readonly ailments: readonly Ailment[];
  /** What is worth to know, and nothing amiss; absent where there is nothing. */
  readonly notes?: readonly string[];
}

/**
 * Compares a dataset with what its contract promises: new data as often as `frequency` says, and dropped files published
 * (or held, with an alert) within `latency`, as much data as `minRecords` and `maxRecords` say, and of the quality that
 * `maxQuarantineRate` says; and finds tables of a lake that was moved, runs that wait, an open breaker, releases that
 * were asked for, seals that are gone, datasets past their end, Gold that fell behind, closed months with a restatement that waits, and upkeep that
 * doesn't keep pace. Changes nothing.
 */
export async function checkHealth(effects: Effects, contract: Contract): Promise<Health> {
  const { dataset, layer } = contract;
  const known = await readTellingPointer(effects, contract);
  if (known.kind === 'wrong') return { dataset, layer, publishedAt: null, ailments: [known.ailment] };
  const { read } = known;
  if (contract.layer === 'projection') return projectionHealth(effects, contract, read?.pointer);
  if (contract.layer === 'gold') return goldHealth(effects, contract, read?.pointer);
  const now = effects.clock.now();
  const ledger = await loadLedger(effects, contract, read, newRunId(now));
  const publishedAt = read === undefined ? null : await lastPublished(effects, read.pointer, ledger);
  const ailments = [
    ...unreadable(contract),
    ...pastItsEnd(contract, now),
    ...moved(effects, read?.pointer),
    ...silence(contract, publishedAt, now),
    ...rejectedDrops(ledger),
    ...(await lateFiles(effects, contract, ledger)),
    ...(await checkVolume(effects, contract, read?.pointer)),
    ...(await waiting(effects, dataset)),
    ...(await askedReleases(effects, dataset)),
    ...(await inTheClear(effects, contract)),
    ...(read === undefined ? [] : await missingSeals(effects, read.pointer)),
    ...(await upkeep(effects, contract, read?.pointer)),
  ];
  const notes = await missingEvents(effects, contract, read?.pointer.run_id);
  return { dataset, layer, publishedAt, ailments, ...(notes.length === 0 ? {} : { notes }) };
}

/** Events that are missing in the streams that the last run brought events of: they may still come. */
async function missingEvents(
  effects: Effects,
  { dataset, events }: SourceContract,
  runId: string | undefined,
): Promise<string[]> {
  if (events === undefined || runId === undefined) return [];
  const gaps = (await readRun(effects, runRecordKey(dataset, runId)))?.events?.gaps;
  if (gaps === undefined) return [];
  const told = eventLines({ gaps }).map((line) => `events ${line}, as the last run found`);
  return told.map((line) => `${line}; all of now: query "FROM ops.event_gaps WHERE dataset = '${dataset}'"`);
}

/** Files that a protected dataset has in the clear, from before it was. */
async function inTheClear(effects: Effects, contract: SourceContract): Promise<Ailment[]> {
  const { dataset } = contract;
  if (!isProtected(protectionOf(contract))) return [];
  const files = (await clearObjects(effects, dataset)).length;
  if (files === 0) return [];
  const what = `its contract protects it, and ${files} of its files are in the clear`;
  return [{ code: 'CLEAR_FILES', what, next: `privacy adopt ${dataset}` }];
}

/** A pointer, or the problem of a lost or damaged one; then nothing else can be checked. */
type ToldPointer =
  | { readonly kind: 'read'; readonly read: ReadPointer | undefined }
  | { readonly kind: 'wrong'; readonly ailment: Ailment };

async function readTellingPointer(effects: Effects, { layer, dataset }: Contract): Promise<ToldPointer> {
  try {
    return { kind: 'read', read: await readKnownPointer(effects.objects, layer, dataset) };
  } catch (error) {
    if (!(error instanceof DataError) || !POINTER_CODES.has(error.code)) throw error;
    const next = `repair ${dataset} --dry-run`;
    return { kind: 'wrong', ailment: { code: 'POINTER', what: error.message, next } };
  }
}

const POINTER_CODES: ReadonlySet<string> = new Set(['POINTER_LOST', 'POINTER_DAMAGED']);

const promised = ({ sla }: Contract, property: string): ServiceLevel | undefined =>
  sla?.find((level) => level.property === property);

/** Promises that can't be checked: no length of time. */
function unreadable(contract: Contract): Ailment[] {
  return ['frequency', 'latency'].flatMap((property) => {
    const level = promised(contract, property);
    if (level === undefined || dueAt(new Date(0), level) !== undefined) return [];
    const what = `the contract promises a ${property} of ${level.value} ${level.unit ?? ''}, which is no length of time: write e.g. 1 with unit day`;
    return [{ code: 'PROMISE', what, next: 'contracts check' }];
  });
}

/** Tables whose metadata names another place than the one where they lie: other engines look there. */
function moved({ objects }: Effects, pointer: Pointer | undefined): Ailment[] {
  const elsewhere = Object.values(pointer?.tables ?? {}).find(
    ({ metadata_key, metadata_location }) => metadata_location !== objects.uri(metadata_key),
  );
  if (elsewhere === undefined) return [];
  const [there, here] = [elsewhere.metadata_location, objects.uri(elsewhere.metadata_key)].map((uri) =>
    uri.slice(0, uri.lastIndexOf('/metadata/')),
  );
  const what = `the tables lie in ${here} and the like, and their metadata names ${there}: the lake was copied or moved, and other engines read there, or nothing`;
  return [{ code: 'LAKE_MOVED', what, next: 'upgrade --dry-run' }];
}

/**
 * When the run that readers see was committed, whatever people decided since. If all its files were rejected: when a
 * file was last accepted.
 */
async function lastPublished(
  effects: Effects,
  pointer: Pointer,
  entries: ReadonlyMap<string, LedgerEntry>,
): Promise<string> {
  const accepted = [...entries.values()].filter(({ status }) => status === 'accepted');
  const last = accepted
    .map(({ lastAt }) => lastAt)
    .sort()
    .at(-1);
  if (last !== undefined && !accepted.some(({ runId }) => runId === pointer.run_id)) return last;
  const ledger = await openLedger(effects, pointer);
  const isOfRun = ({ run_id }: { readonly run_id: string }): boolean => run_id === pointer.run_id;
  // An old run's first commit may have expired, leaving only those of the upkeep.
  const states = ledger === undefined ? [] : statesOf(ledger);
  const isWhole = states[0] !== undefined && !isOfRun(states[0]);
  const known = isWhole ? states : [...(await keptStates(effects, pointer.dataset)), ...states];
  return known.find(isOfRun)?.committed_at ?? pointer.committed_at;
}

function silence(contract: SourceContract, publishedAt: string | null, now: Date): Ailment[] {
  const level = promised(contract, 'frequency');
  if (level === undefined || publishedAt === null) return [];
  const next = dueAt(new Date(publishedAt), level);
  if (next === undefined) return [];
  // Data that came in time may still take the promised latency.
  const latency = promised(contract, 'latency');
  const due = (latency === undefined ? undefined : dueAt(next, latency)) ?? next;
  if (due >= now) return [];
  const what = `nothing new was published since ${publishedAt}, and every ${level.value} ${level.unit ?? ''} something should be`;
  return [{ code: 'SILENT', what, next: `runs --dataset ${contract.dataset}` }];
}

/** Drops since the last publication, if every one of them was rejected. */
function rejectedDrops(entries: ReadonlyMap<string, LedgerEntry>): Ailment[] {
  const files = [...entries].map(([key, entry]) => ({ key, ...entry }));
  const lastAccepted = files
    .filter(({ status }) => status === 'accepted')
    .map(({ lastAt }) => lastAt)
    .sort()
    .at(-1);
  const rejected = files
    .filter(
      ({ status, lastAt }) => status === 'rejected' && (lastAccepted === undefined || lastAt > lastAccepted),
    )
    .sort((a, b) => (a.lastAt < b.lastAt ? -1 : 1));
  const newest = rejected.at(-1);
  if (newest === undefined) return [];
  const since =
    lastAccepted === undefined ? 'nothing was ever published' : `nothing was since ${lastAccepted}`;
  const what = `the last ${rejected.length} files were all rejected, the newest of them ${sourceName(newest.key)}; ${since}`;
  return [{ code: 'REJECTED', what, next: `show ${newest.runId}` }];
}

/** Files are known by the day of their drop: late is what wasn't published within the promise after that day's end. */
async function lateFiles(
  effects: Effects,
  contract: SourceContract,
  ledger: ReadonlyMap<string, LedgerEntry>,
): Promise<Ailment[]> {
  const now = effects.clock.now();
  const level = promised(contract, 'latency');
  if (level === undefined) return [];
  const { dataset } = contract;
  const withheld = await listWithheld(effects, dataset);
  const known = [...ledger.keys(), ...withheld.flatMap((one) => one.keys)];
  const late = withMembers(await listSources(effects, dataset), known).filter(({ key }) => {
    const day = /\/ingest_date=(\d{4}-\d{2}-\d{2})\//.exec(key)?.[1];
    const due = day === undefined ? undefined : dueAt(new Date(`${day}T24:00:00Z`), level);
    return due !== undefined && due < now && isPending(key, contract, ledger, withheld);
  });
  if (late.length === 0) return [];
  const what = `${late.length} files wait to be run for longer than ${level.value} ${level.unit ?? ''}, e.g. ${late[0]?.key}`;
  return [{ code: 'LATE', what, next: `run --dataset ${dataset}` }];
}

async function waiting(effects: Effects, dataset: string): Promise<Ailment[]> {
  const held = (await listWithheld(effects, dataset)).filter(({ decision }) => decision === 'held');
  const ailments: Ailment[] = held.map(({ runId, at, keys }) => ({
    code: 'HELD',
    what: `run ${runId} with ${keys.length} ${keys.length === 1 ? 'file' : 'files'} waits for a decision since ${at}`,
    next: `show ${runId}`,
  }));
  const breaker = await openBreaker(effects, dataset);
  if (breaker === undefined) return ailments;
  const what = `the circuit breaker is open since ${breaker.openedAt}: ${breaker.count} errors ${breaker.code}`;
  return [...ailments, { code: 'BREAKER', what, next: `breaker status ${dataset}` }];
}

/** Releases of condemned records that wait for another person. */
async function askedReleases(effects: Effects, dataset: string): Promise<Ailment[]> {
  return (await listReleaseRequests(effects, dataset)).map(({ request, askedBy, askedAt, records }) => ({
    code: 'RELEASE',
    what: `${askedBy} asked at ${askedAt} to release ${records} condemned records, and somebody else decides (request ${request})`,
    next: `quarantine release --approve ${request} --dataset ${dataset}`,
  }));
}

/** Upkeep that nobody does, or that doesn't keep pace with the runs. */
async function upkeep(
  effects: Effects,
  contract: Contract,
  pointer: Pointer | undefined,
): Promise<Ailment[]> {
  const what = pointer === undefined ? [] : lagText(await measureLag(effects, contract, pointer));
  if (what.length === 0) return [];
  const next = `tend --dataset ${contract.dataset}`;
  return [{ code: 'UPKEEP', what: `the upkeep lags behind: ${what.join(', ')}`, next }];
}

async function projectionHealth(
  effects: Effects,
  contract: ProjectionContract,
  pointer: Pointer | undefined,
): Promise<Health> {
  const { dataset, layer } = contract;
  return {
    ...{ dataset, layer, publishedAt: pointer?.committed_at ?? null },
    ailments: [
      ...unreadable(contract),
      ...pastItsEnd(contract, effects.clock.now()),
      ...moved(effects, pointer),
      ...(await upkeep(effects, contract, pointer)),
      ...(await projectionBehind(effects, contract, pointer)),
    ],
  };
}

async function goldHealth(
  effects: Effects,
  contract: GoldContract,
  pointer: Pointer | undefined,
): Promise<Health> {
  const ailments: Ailment[] = [
    ...unreadable(contract),
    ...pastItsEnd(contract, effects.clock.now()),
    ...moved(effects, pointer),
    ...(await upkeep(effects, contract, pointer)),
    ...(await tableBehind(effects, contract.inputs, { pointer, code: 'GOLD_BEHIND' })),
  ];
  const { dataset, layer } = contract;
  for (const { month, waiting: rows } of closedMonths(pointer ?? {})) {
    if (rows === undefined) continue;
    const what = `other figures for ${month}, which is closed, wait for a decision since ${rows.since} (restatement ${rows.id})`;
    ailments.push({ code: 'RESTATEMENT', what, next: `restatements ${dataset}` });
  }
  return { dataset, layer, publishedAt: pointer?.committed_at ?? null, ailments };
}
