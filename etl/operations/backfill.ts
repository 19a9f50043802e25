import { join } from 'node:path';
import type { SourceContract } from '../contract/contract.ts';
import { loadContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { textOf, withEngine } from '../engine/engine.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { ConfigError } from '../errors.ts';
import { isOfEvents } from '../eventstore/event-order.ts';
import { bronzePrefix } from '../naming/bronze.ts';
import { backfillKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { isCurrentSql, lastReadsSql } from '../quarantine/current-rejects.ts';
import { loadRepeatSpans } from '../repeats/load-repeats.ts';
import { type DatasetTable, openDatasetTables } from '../stages/dataset-tables.ts';
import { recordDecision } from '../stages/decisions.ts';
import type { BackfillRequest } from '../stages/documents.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { byArrival, type LedgerEntry, ledgerRows, liveArrivals } from '../stages/ledger.ts';
import { loadLedger, withScratchEngine } from '../stages/ledger-lookup.ts';
import { listWithheld } from '../stages/list-sources.ts';
import { newRunId } from '../stages/run-id.ts';
import type { RunInput } from '../stages/stage.ts';
import { putDocument } from '../stages/stored-documents.ts';
import type { Pointer } from '../table/pointer.ts';
import type { Word } from './decide-run.ts';

/** Which files are to be read again. */
export interface BackfillChoice {
  readonly dataset: string;
  /** Days on which they were dropped, `YYYY-MM-DD`: from the first, up to but not including the other. */
  readonly from: string;
  readonly to?: string;
  /** The version that the contract must have. */
  readonly contractVersion?: string;
  /** Also files that were last read under the contract as it is now. */
  readonly isAgain: boolean;
}

/** What a backfill would read again. */
export interface ChosenFiles {
  readonly contract: SourceContract;
  /** Bronze keys, in the order of their arrival. */
  readonly keys: readonly string[];
  /**
   * How many of them nobody asked for: they hold records that others replaced, or that repeat others, which may count
   * again.
   */
  readonly alongside: number;
  /** Files that were last read under the contract as it is now, and are left out. */
  readonly upToDate: number;
  /** Files of held runs, which are decided on first. */
  readonly held: number;
}

/**
 * The files that a backfill would read again: those in the ledger dropped in the time, less those read under today's
 * contract already. Adds files with replaced records, where later ones replace earlier ones, and with events that gave way
 * to others: if the record in their place fails now, theirs counts again. Adds files whose records repeat some of theirs. Throws ConfigError `CONTRACT_VERSION`
 * where the contract's version is not the one asked for.
 */
export async function chooseFiles(effects: Effects, choice: BackfillChoice): Promise<ChosenFiles> {
  const { dataset, from, to, contractVersion, isAgain } = choice;
  const contract = requireSourceContract(await loadContracts(effects.contracts), dataset);
  if (contractVersion !== undefined && contractVersion !== contract.version)
    throw new ConfigError(
      'CONTRACT_VERSION',
      `The contract of ${dataset} is version ${contract.version}, not ${contractVersion}: --contracts DIR names a folder with another one.`,
      { context: { dataset, version: contract.version } },
    );
  const base = await readKnownPointer(effects.objects, 'silver', dataset);
  const ledger = await loadLedger(effects, contract, base, newRunId(effects.clock.now()));
  const withheld = await listWithheld(effects, dataset);
  const held = new Set(withheld.flatMap(({ decision, keys }) => (decision === 'held' ? keys : [])));
  const files = liveFiles(ledger);
  const known = files.filter(({ key }) => isDroppedIn(dataset, key, { from, to }));
  const free = known.filter(({ key }) => !held.has(key));
  const chosen = free.filter(({ contractDigest }) => isAgain || contractDigest !== contract.digest);
  const counts = { upToDate: free.length - chosen.length, held: known.length - free.length };
  const last = chosen.at(-1);
  if (base === undefined || last === undefined)
    return { contract, keys: chosen.map(({ key }) => key), alongside: 0, ...counts };
  const replaced =
    contract.duplicates === 'replace' || isOfEvents(contract)
      ? await replacedSources(effects, contract, base.pointer)
      : undefined;
  // Which event stays has nothing to do with when it came.
  const isAlong = (file: LedgerFile): boolean =>
    replaced?.has(file.sourceFileId) === true &&
    !held.has(file.key) &&
    (isOfEvents(contract) || byArrival(file, last) < 0);
  const read = files.filter((file) => chosen.includes(file) || isAlong(file));
  const repeating = await repeatingSources(effects, { contract, pointer: base.pointer }, read);
  const keys = files
    .filter((file) => read.includes(file) || (repeating.has(file.sourceFileId) && !held.has(file.key)))
    .map(({ key }) => key);
  return { contract, keys, alongside: keys.length - chosen.length, ...counts };
}

/** The source files, by id, with a record that repeats one of these files, directly or through other files. */
async function repeatingSources(
  effects: Effects,
  { contract, pointer }: { readonly contract: SourceContract; readonly pointer: Pointer },
  files: readonly LedgerFile[],
): Promise<Set<string>> {
  const tables = openDatasetTables(effects, contract, pointer);
  const ledger = await ledgerRows(tables);
  const { dataset } = contract;
  const pairs = await withScratchEngine(effects, 'backfill', async (engine) => {
    await loadRepeatSpans(engine, { data: effects.data, dataset, ledger });
    return engine.rows('SELECT DISTINCT source_file_id AS id, twin_file_id AS twin FROM repeat_spans');
  });
  const found = new Set<string>();
  let twins = new Set(files.map(({ sourceFileId }) => sourceFileId));
  while (twins.size > 0) {
    const next = pairs.flatMap((row) => (twins.has(textOf(row, 'twin')) ? [textOf(row, 'id')] : []));
    twins = new Set(next.filter((id) => !found.has(id)));
    for (const id of twins) found.add(id);
  }
  return found;
}

type LedgerFile = LedgerEntry & { readonly key: string };

/** Every file of a ledger but repeats, in the order of their arrival; of one that came again, its last arrival. */
function liveFiles(ledger: ReadonlyMap<string, LedgerEntry>): LedgerFile[] {
  const live = liveArrivals(ledger);
  return [...ledger]
    .map(([key, entry]) => ({ key, ...entry }))
    .filter(
      ({ key, status, sourceFileId }) => status !== 'repeat' && (live.get(sourceFileId)?.key ?? key) === key,
    )
    .sort(byArrival);
}

/** The source files, by id, of which a record is not in Silver because another with its key came later. */
async function replacedSources(
  effects: Effects,
  contract: SourceContract,
  pointer: Pointer,
): Promise<Set<string>> {
  const tables = openDatasetTables(effects, contract, pointer);
  const rows = async (layer: DatasetTable): Promise<string> =>
    `(${tableRowsSql(await tables.table(layer), await tables.paths(layer))})`;
  const [ledger, silver, condemned] = [
    await rows('source_files'),
    await rows('silver'),
    await rows('condemned'),
  ];
  const scratch = await effects.openScratch('backfill');
  try {
    const found = await withEngine(effects.engine, join(scratch.directory, 'spill'), (engine) =>
      engine.rows(
        `SELECT source_file_id AS id FROM (
           SELECT source_file_id, arg_max(silver, processed_at) AS silver FROM ${ledger} WHERE status = 'accepted' GROUP BY ALL
         ) LEFT JOIN (SELECT source_file_id, count(*) AS n FROM ${silver} GROUP BY ALL) USING (source_file_id) WHERE silver > coalesce(n, 0)
         UNION SELECT r.source_file_id FROM ${condemned} AS r LEFT JOIN (${lastReadsSql(ledger)}) USING (source_file_id)
         WHERE ${isCurrentSql()} AND list_contains(list_transform(r.reasons, lambda x: x.code), 'DUPLICATE')`,
      ),
    );
    return new Set(found.map((row) => textOf(row, 'id')));
  } finally {
    await scratch.dispose();
  }
}

function isDroppedIn(
  dataset: string,
  key: string,
  { from, to }: { readonly from: string; readonly to: string | undefined },
): boolean {
  const prefix = `${bronzePrefix(dataset)}ingest_date=`;
  const day = key.startsWith(prefix) ? key.slice(prefix.length, prefix.length + 10) : '';
  return day !== '' && day >= from && (to === undefined || day < to);
}

/**
 * Asks for a backfill: the run with the id returned reads these files, and its rows take the place of those that they
 * gave before. The run itself is the caller's to start, a run like any other.
 */
export async function askForBackfill(
  effects: Effects,
  { contract, keys }: Pick<ChosenFiles, 'contract' | 'keys'>,
  { by, reason }: Word,
): Promise<RunInput> {
  const { dataset } = contract;
  const runId = newRunId(effects.clock.now());
  const request: BackfillRequest = { dataset, runId, keys: [...keys] };
  await putDocument(effects.objects, backfillKey(dataset, runId), request);
  const details = { files: keys.length, contractVersion: contract.version };
  await recordDecision(effects, { id: runId, kind: 'backfilled', dataset, by, reason, runId, details });
  return { dataset, runId };
}
