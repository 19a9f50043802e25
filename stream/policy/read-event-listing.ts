import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { atMost, inFlight } from '../../etl/in-flight.ts';
import type { Effects } from '../../etl/ports.ts';
import type { ListedEvents, ListedSchema } from '../../etl/site/listed-events.ts';
import { readSchemaId, type SchemaRegistry } from '../registry/registry.ts';
import { listEvents } from './event-listing.ts';
import type { PolicyStore } from './policy-store.ts';
import { NOTHING_READ, readPolicies } from './read-policies.ts';

/** So many of the newest versions of a subject are listed. */
const NEWEST = 20;

/** Where what is known of events is kept. */
export interface EventSources {
  readonly effects: Pick<Effects, 'contracts' | 'clock'>;
  readonly store: Pick<PolicyStore, 'current'>;
  /** Absent where no registry of schemas is named: then only schemas that policies name are listed. */
  readonly registry?: SchemaRegistry | undefined;
}

/**
 * The datasets of events, by name, with the versions of their schemas that the registry knows, newest first. Throws
 * TransientError where the store of policies or the registry can't be asked.
 */
export async function readEventListing({ effects, store, registry }: EventSources): Promise<ListedEvents[]> {
  const { policies, rules, broken } = await readPolicies(store, NOTHING_READ);
  const { contracts } = await loadContracts(effects.contracts);
  const set = { policies, rules, broken, readAt: effects.clock.now(), isStale: false };
  const listed: ListedEvents[] = [];
  for (const events of listEvents({ set, contracts }))
    listed.push({ ...events, schemas: await withRegistered(events.schemas, registry) });
  return listed;
}

async function withRegistered(
  schemas: readonly ListedSchema[],
  registry: SchemaRegistry | undefined,
): Promise<readonly ListedSchema[]> {
  if (registry === undefined) return schemas;
  const subjects = new Set(schemas.flatMap(({ id }) => readSchemaId(id)?.subject ?? []));
  const found = new Map(schemas.map((one) => [one.id, one]));
  for (const subject of subjects)
    for (const id of await idsOf(registry, subject))
      if (!found.has(id)) found.set(id, { id, isDefault: false, until: undefined });
  const versionOf = ({ id }: ListedSchema): number => readSchemaId(id)?.version ?? 0;
  return [...found.values()].sort((a, b) => versionOf(b) - versionOf(a));
}

/** Ids of the newest versions of a subject; versions that were removed leave holes. */
async function idsOf(registry: SchemaRegistry, subject: string): Promise<string[]> {
  const latest = await registry.latest(subject);
  if (latest === undefined) return [];
  const name = latest.id.slice(0, latest.id.lastIndexOf(':'));
  const last = Math.max(latest.version - NEWEST, 0);
  const versions = Array.from({ length: latest.version - last }, (_, n) => latest.version - n);
  const ids: string[] = [];
  for await (const one of inFlight(versions, atMost(4), (version) => registry.schema(`${name}:${version}`)))
    if (one !== undefined) ids.push(one.id);
  return ids;
}
