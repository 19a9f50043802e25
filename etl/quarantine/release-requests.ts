import { ConfigError } from '../errors.ts';
import { decisionKey, releaseKey, releaseRequestsPrefix, releasesPrefix } from '../naming/decisions.ts';
import type { Word } from '../operations/decide-run.ts';
import type { Effects } from '../ports.ts';
import { recordDecision } from '../stages/decisions.ts';
import { Decision } from '../stages/outcomes.ts';
import { parseDocument } from '../stages/stored-documents.ts';

/** A request that nobody has decided yet. */
export interface ReleaseRequest {
  readonly dataset: string;
  readonly request: string;
  readonly askedBy: string;
  readonly askedAt: string;
  readonly reason: string;
  readonly records: number;
}

/** The requests of a dataset that wait for a decision, oldest first. */
export async function listReleaseRequests(
  { objects }: Pick<Effects, 'objects'>,
  dataset: string,
): Promise<ReleaseRequest[]> {
  const requests = await objects.list(releaseRequestsPrefix(dataset));
  if (requests.length === 0) return [];
  const released = new Set((await objects.list(releasesPrefix(dataset))).map(({ key }) => key));
  const waiting: ReleaseRequest[] = [];
  for (const { key } of requests) {
    const request = /\/([\w-]+)\.parquet$/.exec(key)?.[1] ?? '';
    if (released.has(releaseKey(dataset, request))) continue;
    const asked = await readDecision(objects, dataset, request);
    const decided = await readDecision(objects, dataset, decidedId(request));
    // Who died between an approval and its rows approves again.
    if (asked === undefined || decided?.kind === 'release-refused') continue;
    const { by: askedBy, at: askedAt, reason } = asked;
    waiting.push({ dataset, request, askedBy, askedAt, reason, records: Number(asked.details.records) });
  }
  return waiting;
}

/** The decision on a request has one id, whatever it is: of two people who decide at once, one is first. */
const decidedId = (request: string): string => `${request}-decided`;

interface Deciding extends Word {
  readonly dataset: string;
  readonly request: string;
  readonly kind: 'released' | 'release-refused';
  readonly details: Decision['details'];
}

/** Keeps the decision on a request, and returns it as it stands; throws ConfigError where another stands. */
export async function decideOnce(effects: Effects, { request, ...decision }: Deciding): Promise<Decision> {
  const { dataset, kind } = decision;
  const id = decidedId(request);
  await recordDecision(effects, { ...decision, id, runId: null });
  const stands = await readDecision(effects.objects, dataset, id);
  const isOwn = stands?.kind === kind && (kind === 'released' || stands.by === decision.by);
  if (stands !== undefined && isOwn) return stands;
  throw decidedAlready(dataset, request, stands?.kind);
}

/** Throws ConfigError `RELEASED` or `RELEASE_REFUSED` for a request that was decided. */
export async function requireUndecided(
  { objects }: Effects,
  dataset: string,
  request: string,
): Promise<void> {
  const isReleased = (await objects.list(releaseKey(dataset, request))).length > 0;
  const decided = isReleased ? undefined : await readDecision(objects, dataset, decidedId(request));
  if (isReleased || decided?.kind === 'release-refused')
    throw decidedAlready(dataset, request, decided?.kind);
}

function decidedAlready(dataset: string, request: string, kind: string | undefined): ConfigError {
  const context = { dataset, request };
  return kind === 'release-refused'
    ? new ConfigError(
        'RELEASE_REFUSED',
        `Release ${request} of ${dataset} was refused already: ask again, with 'assay quarantine release'.`,
        { context },
      )
    : new ConfigError('RELEASED', `Release ${request} of ${dataset} was approved already.`, { context });
}

async function readDecision(
  objects: Effects['objects'],
  dataset: string,
  id: string,
): Promise<Decision | undefined> {
  const key = decisionKey(dataset, id);
  const stored = await objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, Decision);
}

/** What somebody asked for; throws ConfigError `NO_REQUEST` where nobody did. */
export async function readRequest({ objects }: Effects, dataset: string, request: string): Promise<Decision> {
  const decision = /^[\w-]+$/.test(request) ? await readDecision(objects, dataset, request) : undefined;
  if (decision?.kind === 'release-asked') return decision;
  throw new ConfigError(
    'NO_REQUEST',
    `There is no request ${request} to release records of ${dataset}: "SELECT * FROM ops.decisions WHERE kind = 'release-asked'" lists the requests.`,
    { context: { dataset, request } },
  );
}
