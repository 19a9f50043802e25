import type { TableColumn } from '../table/schema.ts';
import { ARRIVAL_NAME, isByArrival } from './arrival-month.ts';
import { LINEAGE_NAMES, RESCUED_NAME, SNAPSHOT_NAME } from './check-columns.ts';
import type { Contract, ContractColumn } from './contract.ts';

/**
 * The columns of a contract's table, in order: the contract's own, then those that Assay adds. None is required in
 * Iceberg's sense, because DuckDB writes every Parquet column as OPTIONAL, which readers may refuse for a required
 * field; what the contract requires stands in the column's doc.
 */
export function tableColumns(contract: Contract): TableColumn[] {
  const own = contract.columns.filter(isStored).map((column) => ({
    name: column.name,
    type: isSealedColumn(column) ? STRING : column.type,
    required: false,
    doc: columnDoc(column, contract.key.includes(column.name)),
  }));
  if (contract.layer === 'gold') return [...own, SNAPSHOT];
  if (contract.layer === 'projection') return [...own, STREAM_VERSION, EVENT_AT, SNAPSHOT];
  return [
    ...own,
    ...(contract.unknownColumns === 'rescue' ? [RESCUED] : []),
    ...LINEAGE,
    ...(isByArrival(contract) ? [ARRIVAL] : []),
  ];
}

const STRING = { kind: 'string' } as const;

/** Whether a column's values are in the table at all, as they came or as envelopes. */
export const isStored = ({ protect }: ContractColumn): boolean => protect?.as !== 'dropped';

/** Whether envelopes and references stand in the place of a column's values. */
export const isSealedColumn = ({ protect }: ContractColumn): boolean =>
  protect?.as === 'encrypted' || protect?.as === 'pseudonym';

/** A column that Assay adds to a table. */
export const added = (
  name: string,
  kind: 'string' | 'long' | 'int' | 'timestamptz',
  doc: string,
): TableColumn => ({ name, type: { kind }, required: false, doc });

const RESCUED = added(
  RESCUED_NAME,
  'string',
  'Columns of the source file that the contract does not know, as JSON',
);

const LINEAGE: readonly TableColumn[] = [
  added('row_hash', 'string', 'SHA-256 of the record as it came'),
  added('source_file_id', 'string', 'SHA-256 of the source file'),
  added('source_row_number', 'long', 'Which record of the source file, from 1'),
  added('attempt_count', 'int', 'Sealed runs in which this record failed before'),
  added('ingestion_timestamp', 'timestamptz', 'When the run began, UTC'),
  added('run_id', 'string', 'The run that wrote it'),
];

const ARRIVAL = added(
  ARRIVAL_NAME,
  'timestamptz',
  'When the source file came to Bronze, UTC; its month partitions the table',
);

const SNAPSHOT = added(SNAPSHOT_NAME, 'long', 'The Silver snapshot that the row was computed from');

/** Columns of a projection that no contract can name: how far its row's stream was folded. */
export const STREAM_VERSION_NAME = '_stream_version';
export const EVENT_AT_NAME = '_event_at';

/** Whether Assay adds a column of that name to the tables of a layer's contracts. */
export function isAddedName(layer: Contract['layer'], name: string): boolean {
  if (layer === 'silver') return LINEAGE_NAMES.some((one) => one === name);
  const isOfFold = name === STREAM_VERSION_NAME || name === EVENT_AT_NAME;
  return name === SNAPSHOT_NAME || (layer === 'projection' && isOfFold);
}

const STREAM_VERSION = added(
  STREAM_VERSION_NAME,
  'long',
  'The greatest version of the stream that was folded',
);
const EVENT_AT = added(EVENT_AT_NAME, 'timestamptz', "The latest time of the stream's events, UTC");

function columnDoc(column: ContractColumn, isKey: boolean): string {
  const marks = [
    isKey ? 'key' : undefined,
    column.required ? 'required' : undefined,
    column.classification,
    isSealedColumn(column) ? column.protect?.as : undefined,
  ];
  const suffix = `[${marks.filter((mark) => mark !== undefined).join(', ')}]`;
  return column.description === '' ? suffix : `${column.description} ${suffix}`;
}
