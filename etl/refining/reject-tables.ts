import { added } from '../contract/table-columns.ts';
import type { ColumnType, TableColumn } from '../table/schema.ts';

const reason: ColumnType = {
  kind: 'struct',
  fields: [
    added('rule', 'string', 'The rule that failed'),
    added('column', 'string', 'The column it is about'),
    added('code', 'string', 'One of the reason codes'),
    added('value', 'string', 'The value, cut short; a keyed digest where it is personal'),
  ],
};

/** Columns of a dataset's quarantine and of its condemned records: both are append-only. */
export const REJECT_TABLE_COLUMNS: readonly TableColumn[] = [
  added('row_hash', 'string', 'SHA-256 of the raw values in contract order'),
  added('source_file_id', 'string', 'SHA-256 of the source file'),
  added('source_file', 'string', 'Key of the source file in Bronze'),
  added('source_row_number', 'long', 'Number of the data record in its file, from 1'),
  added('source_line', 'long', 'Physical line, for records that cannot be parsed'),
  added('attempt_count', 'int', 'Sealed runs in which this record failed, this one included'),
  added('ingestion_timestamp', 'timestamptz', 'When the run was planned'),
  added('run_id', 'string', 'The run that gave the verdict'),
  added('contract_version', 'string', 'The contract it was tested against'),
  { name: 'reasons', type: { kind: 'list', element: reason }, required: false, doc: 'Every reason' },
  added('record', 'string', 'The raw values as JSON, by column'),
  added('raw_text', 'string', 'The raw text, for records that cannot be parsed'),
];

/** Those of them that hold a record's values as they came, whatever their classification. */
export const RAW_COLUMNS: readonly string[] = ['record', 'raw_text'];

/** Columns of a dataset's ledger: one row each time a file was dealt with. */
export const LEDGER_COLUMNS: readonly TableColumn[] = [
  added('dataset', 'string', 'The dataset'),
  added('source_file_id', 'string', 'SHA-256 of the file'),
  added('source_file', 'string', 'Key in Bronze'),
  added('status', 'string', 'accepted, empty, rejected or repeat'),
  added('note', 'string', 'Why it was rejected, or what it repeats'),
  added('size_bytes', 'long', 'Size'),
  added('records', 'long', 'Records, blank ones included'),
  added('silver', 'long', 'Records in Silver'),
  added('quarantined', 'long', 'Records in quarantine'),
  added('condemned', 'long', 'Records condemned'),
  added('blank', 'long', 'Blank records and the total row'),
  added('run_id', 'string', 'The run that dealt with it'),
  added('contract_version', 'string', 'The contract it was read with'),
  added('contract_digest', 'string', 'Digest of that contract'),
  added('processed_at', 'timestamptz', 'When the run was planned'),
  added('arrived_at', 'timestamptz', 'When the file came to Bronze; NULL where it came before this was kept'),
  added(
    'dialect_digest',
    'string',
    'Digest of the contract in whose dialect it was read, where that is an earlier one',
  ),
  added('footer', 'long', 'Records of the footer; NULL where the file came before they were told apart'),
  added(
    'repeats',
    'long',
    'Records that stood in Silver already; NULL where the file came before they were told apart',
  ),
  added(
    'forgotten',
    'long',
    'Records of people who were forgotten before they came; NULL where the file came before they were told apart',
  ),
];
