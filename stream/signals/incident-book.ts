import { ConflictError } from '../../etl/errors.ts';
import {
  CLOSED_INCIDENTS,
  closedIncidentKey,
  OPEN_INCIDENTS,
  openIncidentKey,
} from '../../etl/naming/incidents.ts';
import type { Alerts, ObjectStore } from '../../etl/ports.ts';
import { parseDocument, putDocument } from '../../etl/stages/stored-documents.ts';
import { aboutOf, type Finding, Incident, incidentId } from './incident.ts';
import { incidentAlert } from './incident-alert.ts';

/** Where incidents are kept, and who is told. */
export interface BookParts {
  readonly objects: ObjectStore;
  readonly alerts: Alerts;
  /** For how long something must be well again before its incident is closed. */
  readonly quietMs: number;
}

/** What is written of an incident that goes on, once in this time unless something changes. */
const FOLLOW_MS = 60_000;

/**
 * Brings the kept incidents up to what is wrong at a moment: opens new ones and tells of them, follows those that go on,
 * closes those that were over for a while. `isLooked` says which were looked for: others stay as they are. Of several that
 * do so at once, one opens or closes each.
 */
export async function keepIncidents(
  findings: readonly Finding[],
  { at, isLooked }: { readonly at: Date; readonly isLooked: (incident: Incident) => boolean },
  parts: BookParts,
): Promise<readonly Incident[]> {
  const found = new Map(findings.map((finding) => [aboutOf(finding), finding]));
  const kept: Incident[] = [];
  for (const open of await openIncidents(parts.objects)) {
    const about = aboutOf(open);
    const finding = found.get(about);
    found.delete(about);
    if (finding !== undefined) kept.push(await follow(open, finding, { at, parts }));
    else if (!isLooked(open)) kept.push(open);
    else kept.push(...(await quieten(open, { at, parts })));
  }
  for (const finding of found.values()) kept.push(await begin(finding, { at, parts }));
  return kept;
}

/** The incidents that are open, the newest first. */
export async function openIncidents(objects: Pick<ObjectStore, 'list' | 'get'>): Promise<Incident[]> {
  const keys = (await objects.list(OPEN_INCIDENTS)).map(({ key }) => key);
  const found = await Promise.all(keys.map((key) => readIfThere(objects, key)));
  return found.flatMap((one) => one ?? []).sort(newestFirst);
}

/** Incidents that are over, the newest first, those that were opened before `before`. */
export async function closedIncidents(
  objects: Pick<ObjectStore, 'list' | 'get'>,
  { limit, before }: { readonly limit: number; readonly before?: string },
): Promise<Incident[]> {
  const keys = (await objects.list(CLOSED_INCIDENTS)).map(({ key }) => key).reverse();
  const start = before === undefined ? keys : keys.filter((key) => key < closedIncidentKey(before));
  const found = await Promise.all(start.slice(0, limit).map((key) => readIfThere(objects, key)));
  return found.flatMap((one) => one ?? []);
}

/** The incident of an id; undefined where there is none. */
export async function findIncident(
  objects: Pick<ObjectStore, 'list' | 'get'>,
  id: string,
): Promise<Incident | undefined> {
  const open = (await openIncidents(objects)).find((one) => one.id === id);
  return open ?? (await readIfThere(objects, closedIncidentKey(id)));
}

interface Moment {
  readonly at: Date;
  readonly parts: BookParts;
}

async function begin(finding: Finding, { at, parts }: Moment): Promise<Incident> {
  const about = aboutOf(finding);
  const incident: Incident = {
    ...{ id: incidentId(about, at), state: 'OPEN', ...finding },
    ...{ opened_at: at.toISOString(), last_seen_at: at.toISOString() },
    ...{ quiet_since: null, closed_at: null, is_announced: false },
  };
  const key = openIncidentKey(about);
  try {
    await putDocument(parts.objects, key, incident, { ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    // Another opened it meanwhile, and tells of it.
    return (await readIfThere(parts.objects, key)) ?? incident;
  }
  return await announce(incident, parts);
}

/** Tells of an incident, then notes that it was told: who dies in between tells again. */
async function announce(incident: Incident, parts: BookParts): Promise<Incident> {
  await parts.alerts.send(incidentAlert(incident));
  return await change(incident, { is_announced: true }, parts);
}

async function follow(open: Incident, finding: Finding, { at, parts }: Moment): Promise<Incident> {
  const { measured, severity, title, tier, owners } = finding;
  const ageMs = at.getTime() - Date.parse(open.last_seen_at);
  const isSame = open.severity === severity && open.quiet_since === null;
  let known = open;
  if (!isSame || ageMs >= FOLLOW_MS || ageMs < 0) {
    const cause = finding.cause === null ? open.cause : withFirst(finding.cause, open.cause);
    const more = { measured, severity, title, tier, owners, cause };
    known = await change(open, { ...more, last_seen_at: at.toISOString(), quiet_since: null }, parts);
  }
  return known.is_announced ? known : await announce(known, parts);
}

/** What it is now, with the first bad event as it was found first. */
const withFirst = (now: NonNullable<Incident['cause']>, before: Incident['cause']): Incident['cause'] =>
  before?.reason !== now.reason ? now : { ...now, first_bad: before.first_bad, changed: before.changed };

async function quieten(open: Incident, { at, parts }: Moment): Promise<Incident[]> {
  const sinceMs = open.quiet_since === null ? at.getTime() : Date.parse(open.quiet_since);
  if (at.getTime() - sinceMs < parts.quietMs)
    return [open.quiet_since === null ? await change(open, { quiet_since: at.toISOString() }, parts) : open];
  const closed: Incident = {
    ...{ ...open, state: 'CLOSED', closed_at: at.toISOString() },
    quiet_since: new Date(sinceMs).toISOString(),
  };
  try {
    await putDocument(parts.objects, closedIncidentKey(open.id), closed, { ifNoneMatch: '*' });
    await parts.alerts.send(incidentAlert(closed));
  } catch (error) {
    // Another closed it, and died or is about to remove it.
    if (!(error instanceof ConflictError)) throw error;
  }
  await parts.objects.remove(openIncidentKey(aboutOf(open)));
  return [];
}

/** Changes an open incident; where another changed it meanwhile, that stands. */
async function change(
  incident: Incident,
  more: Partial<Incident>,
  { objects }: BookParts,
): Promise<Incident> {
  const key = openIncidentKey(aboutOf(incident));
  const stored = await objects.get(key);
  if (stored === undefined || parseDocument(stored.body, key, Incident).id !== incident.id) return incident;
  const changed = { ...incident, ...more };
  try {
    await putDocument(objects, key, changed, { ifMatch: stored.etag });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  return changed;
}

async function readIfThere(objects: Pick<ObjectStore, 'get'>, key: string): Promise<Incident | undefined> {
  const stored = await objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, Incident);
}

const newestFirst = (a: Incident, b: Incident): number =>
  a.opened_at < b.opened_at ? 1 : a.opened_at > b.opened_at ? -1 : 0;
