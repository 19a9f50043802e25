import { join } from 'node:path';
import type { SourceContract } from '../contract/contract.ts';
import { type Engine, textOf, withEngine } from '../engine/engine.ts';
import { literal, rowsTable } from '../engine/sql.ts';
import { objectKeyOf } from '../naming/bronze.ts';
import type { Effects } from '../ports.ts';
import type { ReadPointer } from '../table/pointer.ts';
import { openDatasetTables } from './dataset-tables.ts';
import { isoSql, type LedgerEntry, ledgerRows, readLedger } from './ledger.ts';

/** Looks up single entries of a ledger: it has every file that ever came, and a run needs only a few. */
export interface LedgerLookup {
  /** The latest entries of these Bronze keys, by key; what it doesn't know is left out. */
  ofKeys(keys: readonly string[]): Promise<ReadonlyMap<string, LedgerEntry>>;
  /** The latest entries of all keys that were last dealt with as one of these source files, by key. */
  ofFiles(sourceFileIds: readonly string[]): Promise<ReadonlyMap<string, LedgerEntry>>;
}

/** A ledger at a pointer. */
export interface Ledger extends LedgerLookup {
  /** Keys of the files in these archives, by their keys, that it knows. */
  membersOf(archives: readonly string[]): Promise<string[]>;
  /** When a file was last dealt with, ISO; empty where none ever was. */
  lastAt(): Promise<string>;
  /** Those of some keys that it doesn't have, or whose file was rejected under a contract of another digest. */
  openAmong(keys: readonly string[], contractDigest: string): Promise<string[]>;
  /** Whether any file was rejected under another contract than that of this digest. */
  hasRejectedUnderOther(contractDigest: string): Promise<boolean>;
}

/** A ledger's place, and who asks. */
export interface LedgerPlace {
  readonly contract: SourceContract;
  readonly base: ReadPointer | undefined;
  readonly runId: string;
}

/** Gives work the ledger at a pointer, to be asked for as long as it takes. */
export async function withLedger<T>(
  effects: Effects,
  place: LedgerPlace,
  work: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  const rows = await rowsAt(effects, place);
  if (rows === undefined) return work(EMPTY);
  return withScratchEngine(effects, place.runId, (engine) => work(ledgerOn(engine, rows)));
}

/** What the ledger last said of every Bronze file, at a pointer. */
export async function loadLedger(
  effects: Effects,
  contract: SourceContract,
  base: ReadPointer | undefined,
  runId: string,
): Promise<Map<string, LedgerEntry>> {
  const rows = await rowsAt(effects, { contract, base, runId });
  if (rows === undefined) return new Map();
  return withScratchEngine(effects, runId, (engine) => readLedger(engine, rows));
}

/** A ledger that was loaded, to be asked. */
export function lookupIn(loaded: ReadonlyMap<string, LedgerEntry>): LedgerLookup {
  const those = (isMeant: (key: string, entry: LedgerEntry) => boolean) =>
    new Map([...loaded].filter(([key, entry]) => isMeant(key, entry)));
  return {
    ofKeys: async (keys) => {
      const wanted = new Set(keys);
      return those((key) => wanted.has(key));
    },
    ofFiles: async (ids) => {
      const wanted = new Set(ids);
      return those((_, { sourceFileId }) => wanted.has(sourceFileId));
    },
  };
}

async function rowsAt(effects: Effects, { contract, base }: LedgerPlace): Promise<string | undefined> {
  if (base === undefined) return undefined;
  const tables = openDatasetTables(effects, contract, base.pointer);
  return (await tables.paths('source_files')).length === 0 ? undefined : await ledgerRows(tables);
}

const EMPTY: Ledger = {
  ofKeys: async () => new Map(),
  ofFiles: async () => new Map(),
  membersOf: async () => [],
  lastAt: async () => '',
  openAmong: async (keys) => [...keys],
  hasRejectedUnderOther: async () => false,
};

function ledgerOn(engine: Engine, rows: string): Ledger {
  const entriesOf = (condition: string) =>
    readLedger(engine, `SELECT * FROM (${rows}) WHERE source_file IN (${condition})`);
  // The latest word on each file that an entry like this is about.
  const latestWhere = (condition: string): string =>
    `SELECT source_file, arg_max(status, processed_at) AS status, arg_max(contract_digest, processed_at) AS contract_digest
     FROM (${rows}) WHERE source_file IN (SELECT source_file FROM (${rows}) WHERE ${condition}) GROUP BY source_file`;
  const isRejectedUnderOther = (digest: string): string =>
    `status = 'rejected' AND contract_digest <> ${literal(digest)}`;
  return {
    ofKeys: async (keys) => (keys.length === 0 ? new Map() : await entriesOf(textsSql(keys))),
    async ofFiles(ids) {
      if (ids.length === 0) return new Map();
      const ever = `SELECT source_file FROM (${rows}) WHERE source_file_id IN (${textsSql(ids)})`;
      return await lookupIn(await entriesOf(ever)).ofFiles(ids);
    },
    async membersOf(archives) {
      if (archives.length === 0) return [];
      const wanted = new Set(archives);
      const keys = await engine.rows(
        `SELECT DISTINCT source_file FROM (${rows}) WHERE contains(lower(source_file), '.zip#')`,
      );
      return keys.map((row) => textOf(row, 'source_file')).filter((key) => wanted.has(objectKeyOf(key)));
    },
    async lastAt() {
      const [row = {}] = await engine.rows(`SELECT ${isoSql('max(processed_at)')} AS last_at FROM (${rows})`);
      return typeof row.last_at === 'string' ? row.last_at : '';
    },
    async openAmong(keys, digest) {
      if (keys.length === 0) return [];
      const settled = `SELECT source_file FROM (${rows}) EXCEPT SELECT source_file FROM (${latestWhere(isRejectedUnderOther(digest))}) WHERE ${isRejectedUnderOther(digest)}`;
      const open = await engine.rows(`${textsSql(keys)} EXCEPT (${settled})`);
      const found = new Set(open.map((row) => textOf(row, 'text')));
      return keys.filter((key) => found.has(key));
    },
    async hasRejectedUnderOther(digest) {
      const condition = isRejectedUnderOther(digest);
      const some = await engine.rows(`SELECT 1 FROM (${latestWhere(condition)}) WHERE ${condition} LIMIT 1`);
      return some.length > 0;
    },
  };
}

/** SELECT of some texts, however many. */
const textsSql = (texts: readonly string[]): string =>
  `SELECT text FROM ${rowsTable(
    { text: 'VARCHAR' },
    texts.map((text) => ({ text })),
  )}`;

/** Runs work with an engine and scratch space of a plan's. */
export async function withScratchEngine<T>(
  effects: Effects,
  runId: string,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const scratch = await effects.openScratch(`plan-${runId}`);
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), work);
  } finally {
    await scratch.dispose();
  }
}
