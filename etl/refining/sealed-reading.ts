import { type SealedColumns, UNOPENED, type Unsealing } from '../contract/compile-sealed.ts';
import type { SourceContract } from '../contract/contract.ts';
import { fieldName } from '../contract/raw-record.ts';
import { isSealedColumn } from '../contract/table-columns.ts';
import { isWide, type Layout } from '../csv/layout.ts';
import type { Engine } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import type { Effects, EngineOptions } from '../ports.ts';
import { CellWork } from '../privacy/cells/cell-work.ts';
import { openRecords, type RecordsOpener } from '../privacy/cells/records-opener.ts';
import { EnvelopeOpener, HEADER_LENGTH } from '../privacy/envelope-opener.ts';
import type { PlainRecords } from '../privacy/plain-records.ts';
import { protectionOf, subjectOf } from '../privacy/protection.ts';
import { Sodium } from '../privacy/sodium.ts';
import { type OpenedAhead, stageOpened } from './opened-records.ts';

/** How the sealed cells of a dataset's segments are opened while they are staged. */
export interface SealedReading {
  /** How a contract's columns are read: today's, or that of an earlier dialect. */
  unsealing(contract: SourceContract): Unsealing;
  /**
   * Reads a segment into the temporary table OPENED_RECORDS, with its cells opened; returns how they are in SQL over that.
   * Undefined, and nothing is done, where that isn't worth its statements.
   */
  openAhead(engine: Engine, segment: SealedSegment): Promise<OpenedAhead | undefined>;
  /** Gets the keys of a segment's cells; what it returns gives them up. */
  learn(engine: Engine, segment: SealedSegment): Promise<() => void>;
}

/** A segment's records as they came, where their cells stand, and the contract that says so. */
export interface SealedSegment {
  readonly source: string;
  readonly layout: Layout;
  readonly contract: Pick<SourceContract, 'columns'>;
  readonly rows: number;
  /** The same records in their file, some at a time. */
  readonly slices: () => AsyncIterable<PlainRecords>;
}

/** Fewer records than this are opened by a function of DuckDB's, cell by cell. */
const FEW_ROWS = 4_096;

/** DuckDB's name of the function that opens envelopes. */
const OPEN = 'open_envelope';

/** Whether something in a dataset's cells is sealed. */
export const hasSealed = ({ columns }: Pick<SourceContract, 'columns'>): boolean =>
  columns.some(isSealedColumn);

/** How an engine is opened that sees what a dataset seals: nothing of it may be spilled in the clear. */
export function sealedEngine(
  options: EngineOptions,
  contract: Pick<SourceContract, 'columns'>,
): EngineOptions {
  return hasSealed(contract) ? { ...options, isSpillSealed: true } : options;
}

/** What sealed cells are opened with. */
interface Opening {
  readonly engine: Engine;
  readonly effects: Pick<Effects, 'vault' | 'openCellWorkers'>;
  readonly contract: SourceContract;
}

/**
 * Does work for which sealed cells are opened with the vault's keys, on all lanes of an engine; it is given undefined where
 * the dataset seals nothing. Throws ConfigError `NO_VAULT` where this process has no vault.
 */
export async function withSealedReading<T>(
  { engine, effects, contract }: Opening,
  work: (sealed: SealedReading | undefined) => Promise<T>,
): Promise<T> {
  if (!hasSealed(contract)) return await work(undefined);
  const { dataset } = contract;
  if (effects.vault === undefined) {
    const message = `${dataset} has sealed columns, and no vault is there to open them.`;
    throw new ConfigError('NO_VAULT', message, { context: { dataset } });
  }
  const sodium = await Sodium.open();
  const cells = new CellWork(effects.openCellWorkers);
  try {
    const records = await openRecords(effects.vault, cells);
    const opener = await EnvelopeOpener.open(effects.vault, sodium);
    return await work(await readingWith(engine, opener, records));
  } finally {
    await cells.close();
    sodium.dispose();
  }
}

async function readingWith(
  engine: Engine,
  opener: EnvelopeOpener,
  records: RecordsOpener,
): Promise<SealedReading> {
  await engine.define(OPEN, (cell) => opener.open(cell));
  return {
    unsealing: (reading) => ({
      columns: sealedColumns(reading, opener.columns),
      open: (cell) => `${OPEN}(${cell})`,
    }),
    openAhead: async (lane, segment) => {
      const { contract, layout, rows } = segment;
      const isMany = rows >= FEW_ROWS && !isWide(Math.max(contract.columns.length, layout.fields));
      const fields = fieldsOf(segment);
      return isMany && fields.length > 0
        ? await stageOpened(lane, { ...segment, fields }, records)
        : undefined;
    },
    learn: async (lane, segment) => opener.learn(await headersIn(lane, segment)),
  };
}

/** Takes all sealed cells for such as can't be opened: for who only wants the records as they came. */
export function unopenedReading(contract: SourceContract): SealedReading | undefined {
  if (!hasSealed(contract)) return undefined;
  return {
    unsealing: (reading) => ({
      columns: sealedColumns(reading, new Map()),
      open: () => `chr(0) || ${literal(UNOPENED.gone.slice(1))}`,
    }),
    openAhead: async () => undefined,
    learn: async () => () => undefined,
  };
}

/** Sealed columns of a contract, each with the ids that the vault has for it: also those under a name that no column has any more. */
function sealedColumns(contract: SourceContract, known: EnvelopeOpener['columns']): SealedColumns {
  const protection = protectionOf(contract);
  const names = new Set(contract.columns.map(({ name }) => name));
  return new Map(
    contract.columns.filter(isSealedColumn).map(({ name, protect }) => {
      const ids = [...known].flatMap(([id, { dataset, column }]) =>
        dataset === contract.dataset && (column === name || !names.has(column)) ? [id] : [],
      );
      const subject = subjectOf(protection, name);
      const { subject: whole } = protection;
      return [
        name,
        {
          isPseudonym: protect?.as === 'pseudonym',
          subject: JSON.stringify([subject?.column, subject?.kind]),
          isOfRecord: subject?.column === whole?.column && subject?.kind === whole?.kind,
          ids,
        },
      ];
    }),
  );
}

/** The distinct headers of envelopes in all cells that are opened; those of one subject's month together. */
async function headersIn(engine: Engine, segment: SealedSegment): Promise<string[]> {
  const fields = fieldsOf(segment).map(fieldName);
  if (fields.length === 0) return [];
  return await engine.texts(
    `SELECT DISTINCT left(cell, ${HEADER_LENGTH}) AS header FROM (SELECT unnest([${fields.join(', ')}]) AS cell FROM ${segment.source}) WHERE starts_with(cell, '~1.') ORDER BY substr(header, ${SUBJECT_AT}), header`,
  );
}

/** The fields of a segment that may hold envelopes. */
function fieldsOf({ layout, contract }: SealedSegment): number[] {
  const sealed = contract.columns.flatMap((column, n) => (isSealedColumn(column) ? [layout.columns[n]] : []));
  return [...new Set([...sealed, layout.rescued])].flatMap((field) => field ?? []);
}

/** Where a header names its subject and then its period; its column stands before. */
const SUBJECT_AT = 13;
