import { createHash } from 'node:crypto';
import { AssayError, ConfigError } from '../../etl/errors.ts';
import type { SchemaReader } from './read-by-schema.ts';
import type { RegisteredSchema, SchemaRegistry } from './registry.ts';
import { compileSchema } from './schema-reader.ts';

/** A schema, ready to read payloads; or why there is none, as evidence names it. */
export type ReadySchema =
  | {
      readonly kind: 'ready';
      readonly schema: RegisteredSchema;
      readonly reader: SchemaReader;
      /** `sha256:…` over its text. */
      readonly fingerprint: string;
    }
  | { readonly kind: 'none'; readonly reason: NoSchema };

/** Why a schema can't be read by. */
export type NoSchema = 'SCHEMA_UNKNOWN' | 'SCHEMA_UNUSABLE' | 'SCHEMA_REGISTRY_UNAVAILABLE';

/** Schemas that payloads are read by. */
export interface ReadySchemas {
  /** As SchemaRegistry has it. Never throws. */
  of(id: string, subject?: string): Promise<ReadySchema>;
  /** The newest version of a subject. Never throws. */
  latest(subject: string): Promise<ReadySchema>;
}

/** Schemas that stay compiled. */
const MOST = 500;

/** The schemas of a registry, each compiled once. */
export function readySchemas(registry: SchemaRegistry): ReadySchemas {
  const compiled = new Map<string, Promise<ReadySchema>>();
  const ready = async (ask: () => Promise<RegisteredSchema | undefined>): Promise<ReadySchema> => {
    try {
      const schema = await ask();
      if (schema === undefined) return { kind: 'none', reason: 'SCHEMA_UNKNOWN' };
      // The text as well: a folder's schemas can be written anew.
      const key = `${schema.id} ${fingerprintOf(schema)}`;
      const known = compiled.get(key) ?? compile(schema);
      compiled.set(key, known);
      const [oldest = key] = compiled.keys();
      if (compiled.size > MOST) compiled.delete(oldest);
      const found = await known;
      // Its mode may be another by now.
      return found.kind === 'ready' ? { ...found, schema } : found;
    } catch (error) {
      // Asked again at the next event: whatever it is, people put it right.
      if (error instanceof AssayError) return { kind: 'none', reason: 'SCHEMA_REGISTRY_UNAVAILABLE' };
      throw error;
    }
  };
  return {
    of: (id, subject) => ready(() => registry.schema(id, subject)),
    latest: (subject) => ready(() => registry.latest(subject)),
  };
}

async function compile(schema: RegisteredSchema): Promise<ReadySchema> {
  try {
    const reader = await compileSchema(schema);
    return { kind: 'ready', schema, reader, fingerprint: fingerprintOf(schema) };
  } catch (error) {
    if (error instanceof ConfigError) return { kind: 'none', reason: 'SCHEMA_UNUSABLE' };
    throw error;
  }
}

const fingerprintOf = ({ text }: RegisteredSchema): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;
