import { ConfigError, messageOf } from '../../etl/errors.ts';
import type { RegisteredSchema } from './registry.ts';

/** That a schema can't be used, and why. */
export const unusable = ({ id, format }: RegisteredSchema, cause: unknown): ConfigError =>
  new ConfigError('SCHEMA_UNUSABLE', `The schema ${id} can't be used as ${format}: ${messageOf(cause)}`, {
    context: { schema_id: id },
    cause,
  });
