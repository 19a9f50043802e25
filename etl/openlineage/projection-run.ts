import type { Contract, ProjectionContract } from '../contract/contract.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { readPointer } from '../table/pointer.ts';
import { tableFacets, tablePlace } from './datasets.ts';
import { facet, type LineageDataset } from './event.ts';

/** What a projection is folded from and what it is, as a run of its own job. */
export interface ProjectionRun {
  readonly table: string;
  readonly inputs: readonly LineageDataset[];
  readonly output: LineageDataset;
}

/** Describes how a projection was made. Of its columns only the stream's is known to come from one; the others are folded. */
export async function projectionRun(
  { objects }: Pick<Effects, 'objects'>,
  contract: ProjectionContract,
  contracts: ReadonlyMap<string, Contract>,
): Promise<ProjectionRun> {
  const { dataset } = contract;
  const [input] = contract.inputs;
  const [stream = ''] = contract.key;
  const source = contracts.get(input);
  const [silver, own] = await Promise.all([
    readPointer(objects, 'silver', input),
    readPointer(objects, 'projection', dataset),
  ]);
  const place = tablePlace(objects, 'silver', { dataset: input, pointer: silver?.pointer });
  const transformations = [{ type: 'DIRECT', subtype: 'IDENTITY' }];
  const fields = { [stream]: { inputFields: [{ ...place, field: stream, transformations }] } };
  return {
    table: tableName('projection', dataset),
    inputs: [{ ...place, ...(source === undefined ? {} : { facets: tableFacets(source, silver?.pointer) }) }],
    output: {
      ...tablePlace(objects, 'projection', { dataset, pointer: own?.pointer }),
      facets: {
        ...tableFacets(contract, own?.pointer),
        columnLineage: facet('ColumnLineageDatasetFacet', '1-2-0', { fields }),
      },
    },
  };
}
