import type { SchemaReader } from './read-by-schema.ts';
import type { RegisteredSchema } from './registry.ts';

/** Makes a schema ready; throws ConfigError `SCHEMA_UNUSABLE` where it is wrong, or needs others that are not at hand. */
export async function compileSchema(schema: RegisteredSchema): Promise<SchemaReader> {
  // Whoever reads JSON doesn't pay for loading the others.
  switch (schema.format) {
    case 'json':
      return (await import('./json-reader.ts')).jsonReader(schema);
    case 'avro':
      return (await import('./avro-reader.ts')).avroReader(schema);
    case 'protobuf':
      return (await import('./protobuf-reader.ts')).protobufReader(schema);
  }
}
