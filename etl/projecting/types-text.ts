import type { ContractColumn, ProjectionContract } from '../contract/contract.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import type { ColumnType } from '../table/schema.ts';
import { eventColumns } from './event-values.ts';

/** TypeScript's name of the values that code is given, and of those that it may give. */
const GIVEN: Readonly<Partial<Record<ColumnType['kind'], string>>> = {
  string: 'string',
  boolean: 'boolean',
  int: 'number',
  long: 'bigint',
  double: 'number',
  decimal: 'string',
  date: 'string',
  timestamptz: 'string',
};
const TAKEN: typeof GIVEN = {
  ...GIVEN,
  int: 'number | bigint',
  long: 'number | bigint',
  decimal: 'string | bigint',
};

/** The types of a projection's events and rows as a TypeScript module, as `assay contracts types` writes it. */
export function typesText(contract: ProjectionContract, source: EventContract): string {
  const [stream = ''] = contract.key;
  const described = new Map(source.columns.map((column) => [column.name, column]));
  const events = eventColumns(source).map(({ name, type }) => {
    const column = described.get(name);
    const text = GIVEN[type.kind] ?? 'unknown';
    return member(name, column?.required === true ? text : `${text} | null`, column);
  });
  const rows = contract.columns
    .filter(({ name }) => name !== stream)
    .map((column) => {
      const text = TAKEN[column.type.kind] ?? 'unknown';
      return column.required
        ? member(column.name, text, column)
        : member(`${column.name}?`, `${text} | null`, column);
    });
  return `// Written by 'assay contracts types' from the contracts of ${source.dataset} and ${contract.dataset}: change those.

/** An event of ${source.dataset}. Dates are 'YYYY-MM-DD', times 'YYYY-MM-DDTHH:MM:SS.ffffffZ', decimals exact text. */
export interface Event {
${events.join('\n')}
}

/** A row of ${contract.dataset}; ${stream} is filled in. */
export interface Row {
${rows.join('\n')}
}

declare global {
  /** Exact sums and comparisons of decimals, which are text. */
  var decimal: {
    add(a: string, b: string): string;
    sub(a: string, b: string): string;
    mul(a: string, b: string): string;
    compare(a: string, b: string): -1 | 0 | 1;
  };
}
`;
}

function member(name: string, type: string, column: ContractColumn | undefined): string {
  const description = (column?.description ?? '').replaceAll('*/', '* /').replace(/\s+/g, ' ').trim();
  return `${description === '' ? '' : `  /** ${description} */\n`}  readonly ${name}: ${type};`;
}
