import { expect } from '@jest/globals';
import type { Layer } from '../../../etl/naming/datasets.ts';
import type { Platform } from './platform.ts';

/** Expects Glue to name the same metadata as the pointer, for each of its tables. */
export async function expectCatalogFollows(
  platform: Platform,
  kind: 'silver' | 'gold',
  dataset: string,
  layers: readonly Layer[],
): Promise<void> {
  const pointer = await platform.pointer(kind, dataset);
  for (const layer of layers) {
    const { metadataLocation, parameters } = await platform.glueTable(layer, dataset);
    expect({ layer, metadataLocation }).toEqual({
      layer,
      metadataLocation: pointer?.tables[layer]?.metadata_location,
    });
    expect(parameters.table_type).toBe('ICEBERG');
  }
}
