import { z } from 'zod';
import type { SourceContract } from '../contract/contract.ts';
import { bronzeDay, bronzePrefix } from '../naming/bronze.ts';
import { retriesPrefix, retryOf } from '../naming/decisions.ts';
import { heldPrefix, lookKey } from '../naming/runs.ts';
import type { Clock, Effects, ObjectInfo, ObjectStore } from '../ports.ts';
import type { LedgerEntry } from './ledger.ts';
import type { Ledger } from './ledger-lookup.ts';
import { Withheld } from './outcomes.ts';
import { parseDocument, putDocument } from './stored-documents.ts';
import { partsOf } from './withheld.ts';

/**
 * Days before today whose drops a run looks for on AWS: a source's own date may be a day from UTC's, and a run may start
 * a day after the drop.
 */
export const LOOK_BACK_DAYS = 2;

const DAY_MS = 86_400_000;

/** Clocks may differ by this much, and a plan may take so long from its list to its time: 15 minutes at most. */
const MARGIN_MS = 20 * 60_000;

const Look = z.object({ at: z.string() });

/** What a run knows before it lists what there is. */
export interface Known {
  readonly contract: SourceContract;
  readonly ledger: Pick<Ledger, 'lastAt' | 'hasRejectedUnderOther'>;
  readonly withheld: readonly Withheld[];
}

/**
 * The files that a run may take up: all of Bronze or, with `lookBackDays`, only its last days, so that listing doesn't
 * grow with Bronze. Everything is still listed in the first run of a day that publishes anything, after
 * `lookEverywhere`, and when the contract gives older files another chance. Retries are always listed.
 */
export async function listPending(effects: Effects, known: Known): Promise<ObjectInfo[]> {
  const { dataset } = known.contract;
  return listSources(effects, dataset, await firstDay(effects, known));
}

/** Every file from a day on (`YYYY-MM-DD`, UTC; undefined: from the first), then the retries that are whole. */
export async function listSources(
  { objects }: Pick<Effects, 'objects'>,
  dataset: string,
  from?: string,
): Promise<ObjectInfo[]> {
  const after = from === undefined ? undefined : bronzeDay(dataset, from);
  const bronze = await objects.list(bronzePrefix(dataset), after);
  const retries = await objects.list(retriesPrefix(dataset));
  const keys = new Set(retries.map(({ key }) => key));
  const whole = retries.filter(({ key }) => keys.has(retryOf(dataset, key)?.manifest ?? ''));
  return [...bronze, ...whole];
}

/** Makes the next runs look through all of Bronze, not only its last days. */
export async function lookEverywhere(
  { objects, clock }: { readonly objects: ObjectStore; readonly clock: Clock },
  dataset: string,
): Promise<void> {
  await putDocument(objects, lookKey(dataset), { at: clock.now().toISOString() });
}

/** Whether runs find a file of Bronze by themselves, today and tomorrow, wherever they look. */
export function isRecent(key: string, dataset: string, now: Date): boolean {
  return key > bronzeDay(dataset, dayOf(now.getTime() - (LOOK_BACK_DAYS - 1) * DAY_MS));
}

/** Every set of files that is withheld from runs; of a run, what was refused of it while it was held comes last. */
export async function listWithheld(effects: Pick<Effects, 'objects'>, dataset: string): Promise<Withheld[]> {
  const documents: Withheld[] = [];
  for (const { key } of await effects.objects.list(heldPrefix(dataset))) {
    const stored = await effects.objects.get(key);
    if (stored !== undefined) documents.push(...partsOf(parseDocument(stored.body, key, Withheld)));
  }
  return documents;
}

/** The first day to list; undefined: all. What was published today was planned by one that saw everything, or after one. */
async function firstDay(
  { objects, clock, lookBackDays }: Effects,
  { contract, ledger, withheld }: Known,
): Promise<string | undefined> {
  if (lookBackDays === undefined) return undefined;
  const now = clock.now().getTime();
  const plannedAt = await ledger.lastAt();
  if (plannedAt.slice(0, 10) !== dayOf(now)) return undefined;
  const isAgain =
    withheld.some((one) => one.decision === 'refused' && one.contractDigest !== contract.digest) ||
    (await ledger.hasRejectedUnderOther(contract.digest));
  if (isAgain) return undefined;
  const key = lookKey(contract.dataset);
  const stored = await objects.get(key);
  const asked = stored === undefined ? undefined : Date.parse(parseDocument(stored.body, key, Look).at);
  if (asked !== undefined && asked + MARGIN_MS >= Date.parse(plannedAt)) return undefined;
  return dayOf(now - lookBackDays * DAY_MS);
}

/** Whether a file that was rejected is tested once more, because the contract is another one now. */
export function isAnotherChance(
  { status, contractDigest }: LedgerEntry,
  { digest }: Pick<SourceContract, 'digest'>,
): boolean {
  return status === 'rejected' && contractDigest !== digest;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
