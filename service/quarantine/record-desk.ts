import type { SourceContract } from '../../etl/contract/contract.ts';
import { ConfigError } from '../../etl/errors.ts';
import { oneAtATime } from '../../etl/one-at-a-time.ts';
import type { Word } from '../../etl/operations/decide-run.ts';
import type { Effects } from '../../etl/ports.ts';
import { chooseRecords } from '../../etl/quarantine/choose-records.ts';
import { type Condemned, condemnRecords } from '../../etl/quarantine/condemn.ts';
import { type Correction, changesOf, keepCorrections } from '../../etl/quarantine/corrections.ts';
import { type KeptRecords, openKeptRecords } from '../../etl/quarantine/kept-records.ts';
import { ID_LENGTH } from '../../etl/quarantine/read-records.ts';
import { EVERY_STATE, type FailedRecord, type RecordFilter } from '../../etl/quarantine/records.ts';
import { askRelease } from '../../etl/quarantine/releases.ts';
import { type Retry, retryRecords, valuesNow } from '../../etl/quarantine/retry-records.ts';

/** What somebody made of a record's values. */
export interface Edit {
  readonly rowHash: string;
  /** By column; empty: no value. Those that are as they were change nothing. */
  readonly values: Readonly<Record<string, string>>;
  /** Whether the record is still the one that was looked at. */
  readonly isAsSeen: (record: FailedRecord) => Promise<boolean> | boolean;
}

/** The records that are dealt with. */
export interface Choice {
  readonly filter: RecordFilter;
  /** How many they were when they were looked at: others than these are not dealt with. */
  readonly expected?: number;
}

/** A release that was asked for. */
export interface AskedRelease {
  readonly request: string;
  readonly records: readonly FailedRecord[];
}

/**
 * Where records that failed are found and dealt with, as the command deals with them. Decisions are made one after
 * another, each on what the one before left.
 */
export interface RecordDesk extends KeptRecords {
  /**
   * Keeps what people corrected of open records, all or nothing; returns the records as they stand now. Throws
   * ConfigError `CHANGED` where one is another than was looked at, and `NOTHING_TO_CORRECT` where no value differs.
   */
  correct(contract: SourceContract, edits: readonly Edit[], word: Word): Promise<FailedRecord[]>;
  /** Readies open records for the next run. */
  retry(contract: SourceContract, choice: Choice, word: Word): Promise<Retry>;
  condemn(contract: SourceContract, choice: Choice, word: Word): Promise<Condemned>;
  /** Asks for condemned records to be given another life. */
  askRelease(contract: SourceContract, choice: Choice, word: Word): Promise<AskedRelease>;
}

/** Opens a desk; nothing is read yet. */
export function openRecordDesk(effects: Effects): RecordDesk {
  const kept = openKeptRecords(effects);
  const inTurn = oneAtATime();
  const choose = async (
    { dataset }: SourceContract,
    { filter, expected }: Choice,
    states: readonly FailedRecord['state'][],
  ): Promise<FailedRecord[]> => {
    const chosen = await chooseRecords(kept.find, dataset, { filter, states });
    if (expected !== undefined && chosen.length !== expected)
      throw changed(dataset, `${chosen.length} records match now, and ${expected} did`);
    return chosen;
  };
  return {
    ...kept,
    correct: (contract, edits, word) =>
      inTurn(async () => {
        const { dataset } = contract;
        const ids = edits.map(({ rowHash }) => rowHash);
        const records = await choose(contract, { filter: { ids } }, EVERY_STATE);
        const corrections = await correctionsOf(contract, edits, records);
        await keepCorrections(effects, contract, corrections, word);
        const corrected = corrections.map(({ record }) => record.rowHash);
        return (await kept.find(dataset, { filter: { ids: corrected }, states: ['open'] })).records;
      }),
    retry: (contract, choice, word) =>
      inTurn(async () => retryRecords(effects, contract, await choose(contract, choice, ['open']), word)),
    condemn: (contract, choice, word) =>
      inTurn(async () => {
        await choose(contract, choice, ['open']);
        return await condemnRecords(effects, contract, choice.filter, word);
      }),
    askRelease: (contract, choice, word) =>
      inTurn(async () => {
        const records = await choose(contract, choice, ['condemned']);
        return { request: await askRelease(effects, contract.dataset, records, word), records };
      }),
  };
}

async function correctionsOf(
  contract: SourceContract,
  edits: readonly Edit[],
  records: readonly FailedRecord[],
): Promise<Correction[]> {
  const { dataset } = contract;
  const corrections: Correction[] = [];
  for (const { rowHash, values, isAsSeen } of edits) {
    requireColumns(contract, Object.keys(values));
    const record = records.find((one) => one.rowHash.startsWith(rowHash.toLowerCase()));
    if (record === undefined || !(await isAsSeen(record)))
      throw changed(dataset, `record ${rowHash.slice(0, ID_LENGTH)} is another than it was`);
    if (record.state !== 'open') throw notOpen(dataset, record);
    const correction = changesOf(values, record, valuesNow(contract, record));
    if (correction !== undefined) corrections.push(correction);
  }
  if (corrections.length > 0) return corrections;
  throw new ConfigError(
    'NOTHING_TO_CORRECT',
    `No value of ${dataset} is another than before: nothing was kept.`,
    {
      context: { dataset },
    },
  );
}

function requireColumns({ dataset, columns }: SourceContract, names: readonly string[]): void {
  const unknown = names.find((name) => !columns.some((column) => column.name === name));
  if (unknown === undefined) return;
  throw new ConfigError(
    'NO_COLUMN',
    `${dataset} has no column '${unknown}': its columns are ${columns.map(({ name }) => name).join(', ')}.`,
    { context: { dataset } },
  );
}

function notOpen(dataset: string, { rowHash, state }: FailedRecord): ConfigError {
  const what = state === 'retrying' ? 'waits in a run' : `is ${state}`;
  return new ConfigError(
    'NOT_OPEN',
    `Record ${rowHash.slice(0, ID_LENGTH)} of ${dataset} ${what}: only open records can be corrected.`,
    { context: { dataset } },
  );
}

function changed(dataset: string, what: string): ConfigError {
  return new ConfigError('CHANGED', `${what} when you looked at ${dataset}: look again, and decide again.`, {
    context: { dataset },
  });
}
