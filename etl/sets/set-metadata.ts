import { ConfigError } from '../errors.ts';
import type { ObjectStore, SetTable } from '../ports.ts';
import { parseMetadata, type TableMetadata } from '../table/metadata.ts';

/** The metadata of a table that a set engine is asked about; throws ConfigError `TABLE_MOVED` where it is not there any more. */
export async function setMetadata(
  objects: Pick<ObjectStore, 'get'>,
  { metadataKey }: Pick<SetTable, 'metadataKey'>,
): Promise<TableMetadata> {
  const stored = await objects.get(metadataKey);
  if (stored === undefined)
    throw new ConfigError('TABLE_MOVED', `${metadataKey} is not in the lake: run the command again.`);
  return parseMetadata(stored.body);
}
