import path from 'node:path';
import { confluentRegistry } from '../adapters/http/confluent-registry.ts';
import { webAddress } from '../adapters/http/post.ts';
import { schemaFolder } from '../adapters/local/schema-folder.ts';
import { messageOf } from '../etl/errors.ts';
import type { Clock } from '../etl/ports.ts';
import type { SchemaRegistry } from '../stream/registry/registry.ts';
import { cacheRegistry } from '../stream/registry/registry-cache.ts';
import type { Args, Option } from './command.ts';
import type { Io } from './io.ts';
import { printable } from './print/printable.ts';
import { usageError } from './usage-error.ts';

/** The option that names where schemas of events are. */
export const REGISTRY_OPTION: Readonly<Record<'schema-registry', Option>> = {
  'schema-registry': {
    type: 'string',
    value: 'WHERE',
    help: 'where schemas of events are: a folder, the address of a registry, or glue:NAME (default: $ASSAY_SCHEMA_REGISTRY)',
  },
};

/** The registry of schemas that a command line means; undefined where it means none. Throws ConfigError `USAGE`. */
export async function registryOf(args: Args, io: Io, clock: Clock): Promise<SchemaRegistry | undefined> {
  const text = args.text('schema-registry') ?? io.env.ASSAY_SCHEMA_REGISTRY ?? '';
  if (text === '') return undefined;
  const onFailure = (error: unknown): void =>
    io.err(printable(`warning: ${messageOf(error)} What it said last holds meanwhile.`));
  return cacheRegistry({ registry: await openRegistry(text, io), clock, onFailure });
}

async function openRegistry(text: string, { cwd, env }: Io): Promise<SchemaRegistry> {
  const url = webAddress(text);
  if (url !== undefined) {
    const token = env.ASSAY_SCHEMA_REGISTRY_TOKEN;
    return confluentRegistry({ url, ...(token ? { token } : {}) });
  }
  if (!text.startsWith('glue:')) return schemaFolder(path.resolve(cwd, text));
  const registryName = text.slice('glue:'.length);
  if (!/^[\w$#.-]{1,255}$/.test(registryName))
    throw usageError(`--schema-registry ${text} names no registry: write glue:NAME, e.g. glue:orders.`);
  // Whoever has no platform doesn't pay for loading the SDK.
  const { glueRegistry } = await import('../adapters/aws/glue-registry.ts');
  return glueRegistry({ registryName });
}
