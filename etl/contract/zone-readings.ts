import type { ContractColumn, SourceContract } from './contract.ts';

/** Where the zone of a time stands. */
export interface ZoneField {
  readonly column: ContractColumn;
  /** SQL of the field as it came, and of its trimmed text, NULL where it says "no value". */
  readonly raw: string;
  readonly text: string;
}

/** A zone that some records name, in lower case, or null for the default, and the years of their local times. */
export interface ZoneInUse {
  readonly zone: string | null;
  readonly years: readonly number[];
}

/** How the times of one column are read from one segment. */
export interface ZoneReading {
  /** Absent where no column has zones. */
  readonly field?: ZoneField;
  readonly zones: readonly ZoneInUse[];
}

/** How times are read, by the columns that have a zone. */
export type ZoneReadings = ReadonlyMap<string, ZoneReading>;

/** The columns of a contract whose times are in zones, each with its place. */
export function zonedColumns({ columns }: Pick<SourceContract, 'columns'>): {
  readonly column: ContractColumn;
  readonly index: number;
}[] {
  return columns.flatMap((column, index) => (column.timezone === undefined ? [] : [{ column, index }]));
}

/** Where the zone of each timestamp of a file stands, by the timestamp's column. */
export function zoneFields(
  contract: SourceContract,
  sqlOf: (index: number) => Pick<ZoneField, 'raw' | 'text'>,
): ReadonlyMap<string, ZoneField | undefined> {
  const places = new Map(contract.columns.map(({ name }, index) => [name, index]));
  return new Map(
    zonedColumns(contract).map(({ column }) => {
      const index = places.get(column.timezone?.column ?? '');
      const zones = index === undefined ? undefined : contract.columns[index];
      return [
        column.name,
        index === undefined || zones === undefined ? undefined : { column: zones, ...sqlOf(index) },
      ];
    }),
  );
}
