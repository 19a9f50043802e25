import avro from 'avsc';
import { messageOf } from '../../etl/errors.ts';
import type { RegisteredSchema } from '../registry/registry.ts';
import { unusable } from '../registry/schema-error.ts';
import type { Obstacles } from './obstacles.ts';

/** Avro's own resolution of schemas (https://avro.apache.org/docs/1.12.0/specification/#schema-resolution). */
export function canReadAvro(reader: RegisteredSchema, writer: RegisteredSchema): Obstacles {
  const [readers, writers] = [typeOf(reader), typeOf(writer)];
  try {
    readers.createResolver(writers);
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

function typeOf(schema: RegisteredSchema): avro.Type {
  try {
    return avro.Type.forSchema(JSON.parse(schema.text) as avro.Schema, { wrapUnions: true });
  } catch (error) {
    throw unusable(schema, error);
  }
}
