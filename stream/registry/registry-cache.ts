import { AssayError, TransientError } from '../../etl/errors.ts';
import type { Clock } from '../../etl/ports.ts';
import type { RegisteredSchema, SchemaRegistry } from './registry.ts';

/** How long what a registry said is believed. */
export interface RegistryCacheOptions {
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  /** After how long a schema is asked for again; 2 minutes unless said. */
  readonly ttlMs?: number;
  /** Is told why the registry could not be asked. */
  readonly onFailure?: (error: unknown) => void;
}

interface Entry {
  readonly found: RegisteredSchema | undefined;
  readonly askedMs: number;
}

/** That there is no such schema is believed only so long: it may be registered a moment later. */
const UNKNOWN_MS = 10_000;
/** After a failure the registry is left alone for so long. */
const RETRY_MS = 5_000;
/** Schemas that are kept; a producer may name any number. */
const MOST = 2_000;

/**
 * A registry that is asked seldom. Where it can't be asked, what it said last goes on holding; throws TransientError
 * `SCHEMA_REGISTRY_UNAVAILABLE` for what it never said.
 */
export function cacheRegistry({
  registry,
  clock,
  ttlMs = 120_000,
  onFailure,
}: RegistryCacheOptions): SchemaRegistry {
  const entries = new Map<string, Entry>();
  const underWay = new Map<string, Promise<RegisteredSchema | undefined>>();
  let failed: { readonly atMs: number; readonly error: AssayError } | undefined;
  const nowMs = (): number => clock.now().getTime();

  const isFresh = ({ found, askedMs }: Entry): boolean =>
    nowMs() - askedMs < (found === undefined ? Math.min(UNKNOWN_MS, ttlMs) : ttlMs);

  const keep = (key: string, found: RegisteredSchema | undefined): void => {
    entries.delete(key);
    entries.set(key, { found, askedMs: nowMs() });
    if (entries.size <= MOST) return;
    // Any number of ids that are unknown must not push out what is known.
    const unknown = [...entries].find(([, entry]) => entry.found === undefined)?.[0];
    const [oldest = key] = entries.keys();
    entries.delete(unknown ?? oldest);
  };

  async function ask(
    key: string,
    work: () => Promise<RegisteredSchema | undefined>,
  ): Promise<RegisteredSchema | undefined> {
    const last = entries.get(key);
    if (last !== undefined && isFresh(last)) return last.found;
    if (failed !== undefined && nowMs() - failed.atMs < RETRY_MS) return lastGood(last, failed.error);
    try {
      const found = await work();
      failed = undefined;
      keep(key, found);
      return found;
    } catch (error) {
      if (!(error instanceof AssayError)) throw error;
      failed = { atMs: nowMs(), error };
      onFailure?.(error);
      return lastGood(last, error);
    }
  }

  const once = (key: string, work: () => Promise<RegisteredSchema | undefined>) => {
    const asked = underWay.get(key) ?? ask(key, work).finally(() => underWay.delete(key));
    underWay.set(key, asked);
    return asked;
  };
  return {
    schema: (id, subject) => once(JSON.stringify([id, subject ?? null]), () => registry.schema(id, subject)),
    latest: (subject) => once(`latest ${subject}`, () => registry.latest(subject)),
  };
}

function lastGood(last: Entry | undefined, cause: AssayError): RegisteredSchema {
  if (last?.found !== undefined) return last.found;
  throw new TransientError(
    'SCHEMA_REGISTRY_UNAVAILABLE',
    `The schema registry can't be asked, and never said what this schema is: ${cause.message}`,
    { cause },
  );
}
