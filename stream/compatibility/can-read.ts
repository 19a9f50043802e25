import type { RegisteredSchema } from '../registry/registry.ts';
import type { Obstacles } from './obstacles.ts';

/**
 * Whether a reader's schema reads whatever a writer's schema lets be written. Throws ConfigError `SCHEMA_UNUSABLE` where one of
 * them can't be understood.
 */
export async function canRead(reader: RegisteredSchema, writer: RegisteredSchema): Promise<Obstacles> {
  if (reader.format !== writer.format) return [`${writer.format} can't be read as ${reader.format}`];
  if (reader.text === writer.text) return [];
  // Whoever reads JSON doesn't pay for loading the others.
  switch (reader.format) {
    case 'avro':
      return (await import('./avro.ts')).canReadAvro(reader, writer);
    case 'json':
      return (await import('./json.ts')).canReadJson(reader, writer);
    case 'protobuf':
      return (await import('./protobuf.ts')).canReadProtobuf(reader, writer);
  }
}
