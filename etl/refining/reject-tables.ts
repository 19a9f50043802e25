import type { ColumnType, TableColumn } from '../table/schema.ts';

const column = (
  name: string,
  kind: 'string' | 'long' | 'int' | 'binary' | 'timestamptz',
  doc: string,
): TableColumn => ({
  name,
  type: { kind },
  required: false,
  doc,
});

const reason: ColumnType = {
  kind: 'struct',
  fields: [
    column('rule', 'string', 'The rule that failed'),
    column('column', 'string', 'The column it is about'),
    column('code', 'string', 'One of the reason codes'),
    column('value', 'string', 'The value, cut short; a keyed digest where it is personal'),
  ],
};

/** Columns of a dataset's quarantine and of its condemned records: both are append-only. */
export const REJECT_TABLE_COLUMNS: readonly TableColumn[] = [
  column('row_hash', 'binary', 'SHA-256 of the raw values in contract order'),
  column('source_file_id', 'string', 'SHA-256 of the source file'),
  column('source_file', 'string', 'Key of the source file in Bronze'),
  column('source_row_number', 'long', 'Number of the data record in its file, from 1'),
  column('source_line', 'long', 'Physical line, for records that cannot be parsed'),
  column('attempt_count', 'int', 'Sealed runs in which this record failed, this one included'),
  column('ingestion_timestamp', 'timestamptz', 'When the run was planned'),
  column('run_id', 'string', 'The run that gave the verdict'),
  column('contract_version', 'string', 'The contract it was tested against'),
  { name: 'reasons', type: { kind: 'list', element: reason }, required: false, doc: 'Every reason' },
  column('record', 'string', 'The raw values as JSON, by column'),
  column('raw_text', 'string', 'The raw text, for records that cannot be parsed'),
];

/** Columns of a dataset's ledger: one row each time a file was dealt with. */
export const LEDGER_COLUMNS: readonly TableColumn[] = [
  column('dataset', 'string', 'The dataset'),
  column('source_file_id', 'string', 'SHA-256 of the file'),
  column('source_file', 'string', 'Key in Bronze'),
  column('status', 'string', 'accepted, empty, rejected or repeat'),
  column('note', 'string', 'Why it was rejected, or what it repeats'),
  column('size_bytes', 'long', 'Size'),
  column('records', 'long', 'Records, blank ones included'),
  column('silver', 'long', 'Records in Silver'),
  column('quarantined', 'long', 'Records in quarantine'),
  column('condemned', 'long', 'Records condemned'),
  column('blank', 'long', 'Blank records and the total row'),
  column('run_id', 'string', 'The run that dealt with it'),
  column('contract_version', 'string', 'The contract it was read with'),
  column('contract_digest', 'string', 'Digest of that contract'),
  column('processed_at', 'timestamptz', 'When the run was planned'),
];
