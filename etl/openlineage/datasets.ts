import { typeText } from '../contract/column-type.ts';
import type { Contract, SourceContract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { bronzePrefix } from '../naming/bronze.ts';
import { type Layer, tableName } from '../naming/datasets.ts';
import { tableRoot } from '../naming/tables.ts';
import type { ObjectStore } from '../ports.ts';
import type { Counts, Seal } from '../stages/documents.ts';
import { rootOf } from '../table/lake-table.ts';
import type { Pointer } from '../table/pointer.ts';
import { type Facet, facet, type LineageDataset, ownFacet } from './event.ts';

/** `s3://bucket/a/b` → namespace `s3://bucket`, name `a/b`; a file's namespace is `file` (https://openlineage.io/docs/spec/naming). */
export function placeOf(uri: string): Pick<LineageDataset, 'namespace' | 'name'> {
  const [, scheme = '', authority = '', path = ''] = /^(\w+):\/\/([^/]*)\/?(.*?)\/?$/.exec(uri) ?? [];
  return scheme === 'file'
    ? { namespace: 'file', name: `${authority}/${path}` }
    : { namespace: `${scheme}://${authority}`, name: path };
}

/** The folder that a dataset's source files lie in. */
export const bronzePlace = (objects: ObjectStore, dataset: string): ReturnType<typeof placeOf> =>
  placeOf(objects.uri(bronzePrefix(dataset).replace(/\/$/, '')));

/** Where a table lies: the one that a pointer names, or that a first commit would make. */
export function tablePlace(
  objects: ObjectStore,
  layer: Layer,
  { dataset, pointer }: { readonly dataset: string; readonly pointer: Pointer | undefined },
): ReturnType<typeof placeOf> {
  const state = pointer?.tables[layer];
  return placeOf(objects.uri(state === undefined ? tableRoot(layer, dataset) : rootOf(state)));
}

/** The source files of a run, with its counts by verdict and its reasons as data quality; without them before it is sealed. */
export function bronzeInput(objects: ObjectStore, dataset: string, seal: Seal | undefined): LineageDataset {
  const place = bronzePlace(objects, dataset);
  if (seal === undefined) return place;
  const size = seal.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const fileCount = seal.files.length;
  const rowCount = seal.counts.records;
  return {
    ...place,
    inputFacets: {
      inputStatistics: facet('InputStatisticsInputDatasetFacet', '1-0-0', { rowCount, size, fileCount }),
      dataQualityMetrics: facet('DataQualityMetricsInputDatasetFacet', '1-0-3', {
        rowCount,
        bytes: size,
        fileCount,
        columnMetrics: {},
      }),
      dataQualityAssertions: facet('DataQualityAssertionsDatasetFacet', '1-1-0', {
        assertions: assertionsOf(seal),
      }),
      assay_verdicts: ownFacet('InputDatasetFacet', { ...seal.counts }),
    },
  };
}

/**
 * Assertions: one for each verdict no record should have, one for each reason some had, and one that all were found
 * again.
 */
function assertionsOf({ counts, reasons, unproven }: Seal): Facet[] {
  const none = (assertion: string, actual: number): Facet => ({
    assertion,
    success: actual === 0,
    expected: '0',
    actual: String(actual),
  });
  return [
    { assertion: 'conservation', success: unproven.length === 0 },
    none('quarantined', counts.quarantined),
    none('condemned', counts.condemned),
    ...Object.entries(reasons).map(([code, count]) => none(code, count)),
  ];
}

/** Facets of a contract's table: columns, owner, description, and the snapshot that readers see. */
export function tableFacets(
  contract: Contract,
  pointer: Pointer | undefined,
): NonNullable<LineageDataset['facets']> {
  const fields = tableColumns(contract).map((column, n) => ({
    name: column.name,
    type: typeText(column.type),
    ...(column.doc === undefined ? {} : { description: column.doc }),
    ordinal_position: n + 1,
  }));
  const identifiers = [
    { namespace: 'assay', name: tableName(contract.layer, contract.dataset), type: 'TABLE' },
  ];
  return {
    schema: facet('SchemaDatasetFacet', '1-2-0', { fields }),
    documentation: facet('DocumentationDatasetFacet', '1-1-0', { description: contract.description }),
    ownership: facet('OwnershipDatasetFacet', '1-0-1', { owners: [{ name: `team:${contract.owner}` }] }),
    storage: facet('StorageDatasetFacet', '1-0-1', { storageLayer: 'iceberg', fileFormat: 'parquet' }),
    symlinks: facet('SymlinksDatasetFacet', '1-0-1', { identifiers }),
    ...(pointer === undefined
      ? {}
      : {
          version: facet('DatasetVersionDatasetFacet', '1-0-1', {
            datasetVersion: String(pointer.snapshot_id),
          }),
        }),
  };
}

/** The tables that a run published to, with how many rows it added to each. */
export function datasetOutputs(
  objects: ObjectStore,
  contract: SourceContract,
  { pointer, counts }: { readonly pointer: Pointer; readonly counts: Counts },
): LineageDataset[] {
  const { dataset } = contract;
  const place = (layer: Layer): ReturnType<typeof placeOf> =>
    tablePlace(objects, layer, { dataset, pointer });
  const rows = (rowCount: number): Pick<LineageDataset, 'outputFacets'> => ({
    outputFacets: {
      outputStatistics: facet('OutputStatisticsOutputDatasetFacet', '1-0-2', { rowCount }),
    },
  });
  const columnLineage = facet('ColumnLineageDatasetFacet', '1-2-0', {
    fields: sourceFields(contract, bronzePlace(objects, dataset)),
  });
  return [
    {
      ...place('silver'),
      facets: { ...tableFacets(contract, pointer), columnLineage },
      ...rows(counts.silver),
    },
    { ...place('quarantine'), ...rows(counts.quarantined) },
    { ...place('condemned'), ...rows(counts.condemned) },
  ];
}

/** Each column comes from the one of that header: text as it is, everything else read from text. */
function sourceFields({ columns }: SourceContract, bronze: ReturnType<typeof placeOf>): Facet {
  return Object.fromEntries(
    columns.map(({ name, headers, type }) => {
      const field = headers.find((header) => header !== name) ?? name;
      const subtype = type.kind === 'string' ? 'IDENTITY' : 'TRANSFORMATION';
      return [name, { inputFields: [{ ...bronze, field, transformations: [{ type: 'DIRECT', subtype }] }] }];
    }),
  );
}
