import type { Contract } from '../../etl/contract/contract.ts';
import { describeContract } from '../../etl/query/catalog.ts';
import type { Reader } from '../../etl/query/reader.ts';
import { graphqlName } from './names.ts';

/** A column as the schema of one sight has it. */
export interface ShownColumn {
  /** Its name in GraphQL. */
  readonly field: string;
  readonly name: string;
  /** As DuckDB calls it. */
  readonly type: string;
  readonly isNullable: boolean;
  readonly isHidden: boolean;
  readonly description: string;
}

/** A dataset's Silver, or a Gold table, as the schema of one sight has it. */
export interface ShownTable {
  /** Its name in GraphQL, of its field and of its rows' type. */
  readonly name: string;
  readonly contract: Contract;
  readonly description: string;
  readonly columns: readonly ShownColumn[];
}

/** The tables that a reader may see. */
export function shownTables(contracts: Iterable<Contract>, reader: Reader): readonly ShownTable[] {
  return [...contracts]
    .filter(({ layer }) => reader.schemas.has(layer))
    .map((contract) => shownTable(contract, reader));
}

function shownTable(contract: Contract, { hidden }: Reader): ShownTable {
  const { name: table, description, owner, columns } = describeContract(contract);
  return {
    name: graphqlName(contract.dataset),
    contract,
    description: [`${table}, of ${owner ?? 'nobody'}.`, description].filter((text) => text !== '').join(' '),
    columns: columns.map((column) => {
      const isHidden = column.classification !== null && hidden.has(column.classification);
      const field = graphqlName(column.name);
      const named = field === column.name ? '' : `The column '${column.name}'. `;
      const masked = isHidden ? ' Its values are not shown to you.' : '';
      const kind = column.classification === null ? '' : ` (${column.classification})`;
      return {
        field,
        name: column.name,
        type: column.type,
        isNullable: column.isNullable,
        isHidden,
        description: `${named}${column.description}${kind}${masked}`.trim(),
      };
    }),
  };
}
