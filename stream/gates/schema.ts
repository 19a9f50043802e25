import type { ReadySchema, ReadySchemas } from '../registry/ready-schemas.ts';
import { type Gate, type GateState, withFaults } from './gate.ts';

/**
 * SCHEMA, of payloads that name no schema themselves: judges JSON by the schema that the dataset's policy names; of a
 * CloudEvent its data. Faults as those of decoding, and `SCHEMA_NOT_JSON` where the policy's schema is none for JSON: a
 * payload of Avro or Protobuf must name its own.
 */
export const schemaGate = (schemas: ReadySchemas): Gate => ({
  name: 'SCHEMA',
  async judge(states) {
    const asked = new Map<string, Promise<ReadySchema>>();
    return await Promise.all(
      states.map(async (state) => {
        const { schema_id: id } = state.policy.policy;
        if (id === undefined || state.schemaId !== null || state.payload.kind !== 'json') return state;
        const ready = asked.get(id) ?? schemas.of(id);
        asked.set(id, ready);
        return judged(state, id, await ready);
      }),
    );
  },
});

function judged(state: GateState, id: string, ready: ReadySchema): GateState {
  if (ready.kind === 'none') return withFaults({ ...state, schemaId: id }, 'SCHEMA', [ready.reason]);
  const { schema, reader, fingerprint } = ready;
  const named = { ...state, schemaId: schema.id, schemaFingerprint: fingerprint };
  if (schema.format !== 'json') return withFaults(named, 'SCHEMA', ['SCHEMA_NOT_JSON']);
  const read = reader.read(bodyOf(state), { isFramed: false });
  return read.kind === 'valid' ? named : withFaults(named, 'SCHEMA', read.reasons);
}

/** What the schema is of: the data of a structured CloudEvent, else the payload. */
function bodyOf({ payload }: GateState): Uint8Array {
  if (payload.kind !== 'json') return new Uint8Array();
  const { value } = payload;
  const isStructured =
    typeof value === 'object' && value !== null && 'specversion' in value && 'data' in value;
  // Numbers are read as the validator reads them anyway.
  return isStructured ? Buffer.from(JSON.stringify(value.data)) : payload.text;
}
