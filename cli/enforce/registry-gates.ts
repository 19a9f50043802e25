import type { Clock } from '../../etl/ports.ts';
import { compatibilityGate } from '../../stream/gates/compatibility.ts';
import { decodingGate } from '../../stream/gates/decoding.ts';
import type { PipelineParts } from '../../stream/gates/pipeline.ts';
import { schemaGate } from '../../stream/gates/schema.ts';
import { readySchemas } from '../../stream/registry/ready-schemas.ts';
import type { Args } from '../command.ts';
import type { Io } from '../io.ts';
import { registryOf } from '../schema-registry.ts';

/** The gates of the schema registry that a command line means; none where it means none. */
export async function registryGates(
  args: Args,
  io: Io,
  clock: Clock,
): Promise<Pick<PipelineParts, 'decoding' | 'schemas'>> {
  const registry = await registryOf(args, io, clock);
  if (registry === undefined) return {};
  const schemas = readySchemas(registry);
  return { decoding: [decodingGate(schemas)], schemas: [schemaGate(schemas), compatibilityGate(schemas)] };
}
