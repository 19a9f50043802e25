import type { Lake } from '../../adapters/local/lake.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { withScratchEngine } from '../../etl/engine/with-scratch-engine.ts';
import { ConfigError } from '../../etl/errors.ts';
import { isSealed } from '../../etl/naming/bronze.ts';
import { withoutGates } from '../../etl/quarantine/gate-failures.ts';
import { type RecordEvent, recordHistory } from '../../etl/quarantine/history.ts';
import { maskRecord } from '../../etl/quarantine/mask-record.ts';
import { ID_LENGTH } from '../../etl/quarantine/read-records.ts';
import {
  EVERY_STATE,
  type FailedRecord,
  findRecords,
  loadFailedRecords,
  type RecordFilter,
} from '../../etl/quarantine/records.ts';
import { failedGates } from '../../etl/quarantine/retry-records.ts';
import { evidenceOfRecord } from '../../stream/evidence/evidence-of-record.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { time } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { table } from '../print/table.ts';
import { datasetsOf, recordFilter } from '../quarantine-filter.ts';
import { usageError } from '../usage-error.ts';

/** `assay quarantine show`: everything about one record that failed. */
export const quarantineShow: Command = {
  name: 'quarantine show',
  usage: 'RECORD [--dataset D] [--unmasked] [--lake DIR]',
  description: `Everything about a record that failed: where it came from, its values as they came, what people corrected, every reason, and
what happened to it since. RECORD is what 'assay quarantine list' shows, or at least six digits of it.
Values of personal and confidential columns are shown as •••.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'only in this dataset (default: all are searched)' },
    unmasked: { type: 'boolean', help: 'show the values of personal and confidential columns, too' },
  },
  examples: ['assay quarantine show 3f1a9c0de4b75a21'],
  positionals: { min: 1, max: 1, name: 'RECORD' },
  async run(args, io) {
    const lake = await openLakeOf(args, io);
    const filter = recordFilter(args, lake.effects.clock.now(), args.positionals);
    const found: Found[] = [];
    for (const dataset of await datasetsOf(args, lake)) found.push(...(await search(lake, dataset, filter)));
    const [first] = found;
    if (first === undefined)
      throw new ConfigError(
        'NO_RECORDS',
        `No record ${args.positionals[0]} ever failed: 'assay quarantine list' lists those that are open.`,
      );
    if (found.length > 1)
      throw usageError(
        `'${args.positionals[0]}' means ${found.length} records: write more of it, or --dataset.`,
      );
    const { contracts } = await loadContracts(lake.effects.contracts);
    const contract = contracts.get(first.dataset);
    const record = withoutGates(args.has('unmasked') ? first.record : maskRecord(first.record, contract));
    const shown = { ...first, record };
    if (args.has('json')) io.out(JSON.stringify(recordJson(shown), null, 2));
    else {
      io.out(recordText(shown));
      if (first.record.state === 'open') io.out(`\n${nextText(first, args, io)}`);
    }
    return EXIT.ok;
  },
};

/** What to type next: gates alone can heal what failed at them, so that is sent to its topic again. */
function nextText({ dataset, record }: Found, args: Args, io: Io): string {
  const id = record.rowHash.slice(0, ID_LENGTH);
  const why = `--dataset ${dataset} --reason '…'`;
  const correct = `quarantine correct ${id} column=value ${why}`;
  if (!failedGates(record)) return `Next      ${nextCommand(args, io, correct)}`;
  if (isSealed(record.sourceFile))
    return 'Next      have its producer send it again: it failed at gates, and the lake has it sealed only';
  const redrive = `${nextCommand(args, io, `redrive ${id} ${why}`)} (--bootstrap HOST:PORT | --to FILE)`;
  return `Next      ${redrive}\nBefore    ${nextCommand(args, io, correct)}, where a value of it is wrong`;
}

interface Found {
  readonly dataset: string;
  /** Of the event that the record is, where it came from a topic. */
  readonly evidence?: string;
  readonly record: FailedRecord;
  readonly history: readonly RecordEvent[];
}

function search(lake: Lake, dataset: string, filter: RecordFilter): Promise<Found[]> {
  return withScratchEngine(lake.effects, 'quarantine', async (engine) => {
    await loadFailedRecords(engine, lake.effects, dataset);
    const records = await findRecords(engine, filter, { states: EVERY_STATE, limit: 5 });
    const found: Found[] = [];
    for (const record of records) {
      const evidence = await evidenceOfRecord(lake.effects.objects, record);
      const history = await recordHistory(engine, dataset, record.rowHash);
      found.push({ dataset, record, history, ...(evidence === undefined ? {} : { evidence }) });
    }
    return found;
  });
}

function recordJson({ dataset, record, history, evidence }: Found) {
  const { rowHash, state, sourceFileId, sourceFile, sourceRowNumber, sourceLine, failures } = record;
  const { contractVersion, reasons, record: values, rawText, corrections } = record;
  const place = { sourceFileId, sourceFile, sourceRowNumber, sourceLine };
  return {
    record: rowHash.slice(0, ID_LENGTH),
    rowHash,
    dataset,
    state,
    ...place,
    ...(evidence === undefined ? {} : { evidence }),
    failures,
    contractVersion,
    reasons,
    values,
    rawText,
    corrections,
    history,
  };
}

function recordText({ dataset, record, history, evidence }: Found): string {
  const { rowHash, state, sourceFile, sourceRowNumber, sourceLine, failures, reasons } = record;
  const line = sourceLine === null ? '' : ` (line ${sourceLine})`;
  const values = Object.keys({ ...record.record, ...record.corrections }).map((name) => [
    name,
    name in (record.record ?? {}) ? (record.record?.[name] ?? 'NULL') : '',
    name in record.corrections ? (record.corrections[name] ?? 'NULL') : '',
  ]);
  const shownReasons = reasons.map(({ code, column, rule, value }) => [
    code,
    column ?? '',
    value ?? '',
    rule ?? '',
  ]);
  const events = history.map(({ at, what, by, details }) => [time(at), what, by, details]);
  return [
    printable(`${dataset} · record ${rowHash.slice(0, ID_LENGTH)} · ${state}, ${failures} failures`),
    printable(`${sourceFile} record ${sourceRowNumber}${line}`),
    evidence === undefined ? '' : printable(`Evidence of the event: ${evidence} (assay evidence show)`),
    record.rawText === null ? '' : printable(record.rawText),
    table([{ name: 'column' }, { name: 'as it came' }, { name: 'corrected to' }], values),
    table([{ name: 'reason' }, { name: 'column' }, { name: 'value' }, { name: 'rule' }], shownReasons),
    table([{ name: 'when (UTC)' }, { name: 'what' }, { name: 'by' }, { name: '' }], events, { maxCell: 80 }),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}
