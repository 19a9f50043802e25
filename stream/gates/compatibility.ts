import { ConfigError } from '../../etl/errors.ts';
import { checkMode, isTransitive } from '../compatibility/check-mode.ts';
import type { ReadySchema, ReadySchemas } from '../registry/ready-schemas.ts';
import { type CompatibilityMode, type RegisteredSchema, readSchemaId } from '../registry/registry.ts';
import { type Gate, type GateState, withFaults } from './gate.ts';

/** Verdicts that are kept. */
const MOST = 2_000;

/**
 * COMPATIBILITY: whether the writer's schema and the one that is registered, that of the policy or else the newest of its
 * subject, may follow one another by the mode of the policy, or else of the registry. Faults: `SCHEMA_SUBJECT` where the
 * writer's is of another subject, `SCHEMA_INCOMPATIBLE:<mode>`, and those of a schema that can't be had.
 */
export function compatibilityGate(schemas: ReadySchemas): Gate {
  const verdicts = new Map<string, Promise<string | undefined>>();
  const verdictOf = (key: string, work: () => Promise<string | undefined>): Promise<string | undefined> => {
    const known = verdicts.get(key) ?? work();
    verdicts.set(key, known);
    const [oldest = key] = verdicts.keys();
    if (verdicts.size > MOST) verdicts.delete(oldest);
    return known;
  };
  return {
    name: 'COMPATIBILITY',
    async judge(states) {
      const asked = new Map<string, Promise<string | undefined>>();
      return await Promise.all(
        states.map(async (state) => {
          const id = state.schemaId;
          // Without a schema that can be read there is nothing to compare: SCHEMA says so.
          if (id === null || state.schemaFingerprint === null) return state;
          const { schema_id: wanted, compatibility: mode } = state.policy.policy;
          const key = JSON.stringify([id, state.schemaFingerprint, wanted ?? null, mode ?? null]);
          const reason = asked.get(key) ?? judge(schemas, { id, wanted, mode, verdictOf });
          asked.set(key, reason);
          return faulted(state, await reason);
        }),
      );
    },
  };
}

const faulted = (state: GateState, reason: string | undefined): GateState =>
  reason === undefined ? state : withFaults(state, 'COMPATIBILITY', [reason]);

interface Asked {
  readonly id: string;
  readonly wanted: string | undefined;
  readonly mode: CompatibilityMode | undefined;
  readonly verdictOf: (key: string, work: () => Promise<string | undefined>) => Promise<string | undefined>;
}

async function judge(
  schemas: ReadySchemas,
  { id, wanted, mode: said, verdictOf }: Asked,
): Promise<string | undefined> {
  const subject = wanted === undefined ? undefined : readSchemaId(wanted)?.subject;
  const writer = await schemas.of(id, subject);
  if (writer.kind === 'none') return writer.reason;
  const registered = await (wanted === undefined
    ? schemas.latest(writer.schema.subject)
    : schemas.of(wanted));
  if (registered.kind === 'none') return registered.reason;
  const [a, b] = [writer.schema, registered.schema];
  if (a.text === b.text && a.format === b.format) return undefined;
  if (a.subject !== b.subject) return 'SCHEMA_SUBJECT';
  const mode = said ?? b.compatibility;
  if (mode === 'NONE') return undefined;
  const [older, newer] = a.version < b.version ? [writer, registered] : [registered, writer];
  const key = JSON.stringify([mode, ...[older, newer].flatMap((one) => [one.schema.id, one.fingerprint])]);
  const pair = { older: older.schema, newer: newer.schema };
  return await verdictOf(key, () => compared(schemas, mode, pair));
}

/** A mode that is not transitive promises something of neighbours alone: each step between the two is compared. */
async function compared(
  schemas: ReadySchemas,
  mode: CompatibilityMode,
  { older, newer }: { readonly older: RegisteredSchema; readonly newer: RegisteredSchema },
): Promise<string | undefined> {
  const steps = isTransitive(mode)
    ? [older, newer]
    : [older, ...(await between(schemas, older, newer)), newer];
  try {
    for (const [n, next] of steps.entries()) {
      const before = steps[n - 1];
      if (before === undefined) continue;
      const obstacles = await checkMode(mode, { older: before, newer: next });
      if (obstacles.length > 0) return `SCHEMA_INCOMPATIBLE:${mode}`;
    }
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return 'SCHEMA_UNUSABLE';
    throw error;
  }
}

/** Versions between two that are there still; those that can't be had are stepped over. */
async function between(
  schemas: ReadySchemas,
  older: RegisteredSchema,
  newer: RegisteredSchema,
): Promise<RegisteredSchema[]> {
  const registry = readSchemaId(newer.id)?.registry ?? '';
  const numbers = Array.from({ length: newer.version - older.version - 1 }, (_, n) => older.version + n + 1);
  const found: ReadySchema[] = [];
  for (const version of numbers.slice(-MOST_STEPS))
    found.push(await schemas.of(`${registry}:${newer.subject}:${version}`));
  return found.flatMap((one) => (one.kind === 'ready' ? [one.schema] : []));
}

/** Versions that are compared one by one. */
const MOST_STEPS = 100;
