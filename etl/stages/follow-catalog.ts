import type { Contract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { ConfigError, messageOf, TransientError } from '../errors.ts';
import { type Layer, tableName } from '../naming/datasets.ts';
import type { CatalogTable, Effects } from '../ports.ts';
import { rootOf } from '../table/lake-table.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import type { TableColumn } from '../table/schema.ts';
import { columnsOf, DATASET_TABLES } from './dataset-tables.ts';
import { publishedContract } from './kept-contracts.ts';

/** What following needs of the world. */
export type FollowEffects = Pick<Effects, 'objects' | 'catalog'>;

/**
 * Moves the catalog to where the contract's pointer is now; returns the names of the tables, none before the first
 * commit. What is published stays published whatever happens here: a failure is a TransientError, which is tried again,
 * but for a ConfigError, which a person must put right; reconcileCatalog repairs what stays behind.
 */
export async function followCatalog(
  { objects, catalog }: FollowEffects,
  contract: Contract,
): Promise<string[]> {
  const { dataset, layer } = contract;
  const read = await readPointer(objects, layer, dataset);
  if (read === undefined) return [];
  const followed: string[] = [];
  // A contract that was changed, but under which nothing was published yet, changes nothing of the tables.
  const published = await publishedContract(objects, contract);
  for (const table of tablesOf(published, read.pointer, (root) => objects.uri(root))) {
    try {
      await catalog.follow(table);
    } catch (error) {
      throw behind(table, error);
    }
    followed.push(tableName(table.layer, dataset));
  }
  return followed;
}

function behind({ layer, dataset }: CatalogTable, error: unknown): unknown {
  if (error instanceof TransientError) return error;
  const Kind = error instanceof ConfigError ? ConfigError : TransientError;
  return new Kind(
    'CATALOG_BEHIND',
    `${tableName(layer, dataset)} is published, but the catalog didn't follow: ${messageOf(error)} Once that is put right, the reconcile schedule moves it.`,
    { cause: error, context: { dataset, layer } },
  );
}

function tablesOf(contract: Contract, pointer: Pointer, uriOf: (root: string) => string): CatalogTable[] {
  return layersOf(contract).flatMap(({ layer, columns }) => {
    const state = pointer.tables[layer];
    if (state === undefined) return [];
    return {
      layer,
      dataset: contract.dataset,
      location: uriOf(rootOf(state)),
      metadataLocation: state.metadata_location,
      version: pointer.version,
      columns,
      ...(layer === contract.layer ? { description: contract.description } : {}),
    };
  });
}

function layersOf(contract: Contract): { readonly layer: Layer; readonly columns: readonly TableColumn[] }[] {
  if (contract.layer !== 'silver') return [{ layer: contract.layer, columns: tableColumns(contract) }];
  return DATASET_TABLES.map((layer) => ({ layer, columns: columnsOf(contract, layer) }));
}
