import { readPayload } from '../landing/payload.ts';
import type { ReadySchema, ReadySchemas } from '../registry/ready-schemas.ts';
import { readWire } from '../registry/wire-format.ts';
import { type Gate, type GateState, withFaults } from './gate.ts';

/** A payload whose header names a schema. */
interface Framed {
  readonly schemaId: string;
  readonly body: Uint8Array;
  readonly isFramed: boolean;
}

/**
 * SCHEMA, of payloads whose header names their writer's schema: reads them by it, and puts JSON in the place of Avro and
 * Protobuf before anything looks at them. Faults: `SCHEMA_UNKNOWN`, `SCHEMA_UNUSABLE` and `SCHEMA_REGISTRY_UNAVAILABLE`
 * where there is no schema to read by; `SCHEMA_UNDECODABLE`, `SCHEMA_MESSAGE`, `SCHEMA_COMPRESSION` and
 * `SCHEMA_INVALID:/place` where the payload isn't what its schema says.
 */
export const decodingGate = (schemas: ReadySchemas): Gate => ({
  name: 'SCHEMA',
  async judge(states) {
    const asked = new Map<string, Promise<ReadySchema>>();
    return await Promise.all(
      states.map(async (state) => {
        // JSON begins with no header.
        if (state.payload.kind !== 'binary') return state;
        const framed = framedBy(state.payload.bytes);
        if (framed === undefined) return state;
        if ('why' in framed) return withFaults(state, 'SCHEMA', [framed.why]);
        const ready = asked.get(framed.schemaId) ?? schemas.of(framed.schemaId);
        asked.set(framed.schemaId, ready);
        return decoded(state, framed, await ready);
      }),
    );
  },
});

function framedBy(bytes: Uint8Array): Framed | { readonly why: string } | undefined {
  const wire = readWire(bytes);
  if (wire.kind === 'bare') return undefined;
  if (wire.kind === 'broken') return { why: wire.why };
  return { schemaId: wire.schemaId, body: wire.body, isFramed: wire.kind === 'confluent' };
}

function decoded(state: GateState, { schemaId, body, isFramed }: Framed, ready: ReadySchema): GateState {
  // JSON can be judged by its contract, whatever its schema is.
  const bare = readPayload(body);
  const payload = bare.kind === 'json' ? bare : state.payload;
  if (ready.kind === 'none') return withFaults({ ...state, payload, schemaId }, 'SCHEMA', [ready.reason]);
  const { schema, reader, fingerprint } = ready;
  const named = { ...state, schemaId: schema.id, schemaFingerprint: fingerprint };
  const read = reader.read(body, { isFramed });
  if (read.kind === 'valid') return { ...named, payload: readPayload(Buffer.from(read.json)) };
  return withFaults(
    { ...named, payload: schema.format === 'json' ? payload : state.payload },
    'SCHEMA',
    read.reasons,
  );
}
