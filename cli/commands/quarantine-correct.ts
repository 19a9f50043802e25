import path from 'node:path';
import type { Lake } from '../../adapters/local/lake.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { type Correction, changesOf, keepCorrections } from '../../etl/quarantine/corrections.ts';
import { ID_LENGTH, readRecords } from '../../etl/quarantine/read-records.ts';
import { EVERY_STATE, type FailedRecord } from '../../etl/quarantine/records.ts';
import { failedGates } from '../../etl/quarantine/retry-records.ts';
import type { Args, Command } from '../command.ts';
import { readEdited } from '../correction-file.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import type { Io } from '../io.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { chosenRecords, datasetOf, recordFilter } from '../quarantine-filter.ts';
import { retryAndRun } from '../retry-run.ts';
import { usageError } from '../usage-error.ts';

/** `assay quarantine correct`: gives open records other values, and tests them once more. */
export const quarantineCorrect: Command = {
  name: 'quarantine correct',
  usage: '(RECORD column=value… | --from FILE) --dataset D --reason TEXT [--no-retry] [--by NAME]',
  description: `Corrects open records and tests them once more, in a run like any other. Who corrected which value of which record, from what
to what, why and when is kept; the record itself stays as it came, in quarantine and in its source file.
'column=' means no value. FILE is an edited 'assay quarantine export': what differs in it is what is corrected.
With --no-retry corrections wait for 'assay redrive', which sends events to their topic again; so do those of events that failed
at other gates than their contract, which no retry can help.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'of this dataset' },
    from: { type: 'string', value: 'FILE', help: 'an export with corrected values' },
    'no-retry': { type: 'boolean', help: 'keep what is corrected, and test nothing: for assay redrive' },
    ...WORD_OPTIONS,
  },
  examples: [
    'assay quarantine correct 3f1a9c0de4b75a21 net_amount=12.50 --dataset spend.council_payments --reason "as on the invoice"',
    'assay quarantine correct --from corrected.csv --dataset spend.council_payments --reason "ticket 4711"',
  ],
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, name: 'RECORD' },
  async run(args, io) {
    const word = wordOf(args, io);
    const lake = await openLakeOf(args, io);
    const contract = await datasetOf(args, lake);
    const { corrections, skipped } = await readCorrections(lake, contract, args, io);
    const kept = await keepCorrections(lake.effects, contract, corrections, word);
    const records = kept.map(({ record, values }) => ({
      ...record,
      corrections: { ...record.corrections, ...values },
    }));
    const waiting = records.filter((record) => args.has('no-retry') || failedGates(record));
    if (waiting.length === records.length) return printKept(waiting, skipped, { contract, args, io });
    return await retryAndRun(lake, { contract, records, word, skipped }, { args, io });
  },
};

/** Says what is kept, and what sends it. */
function printKept(
  kept: readonly FailedRecord[],
  skipped: Read['skipped'],
  { contract, args, io }: { readonly contract: SourceContract; readonly args: Args; readonly io: Io },
): ExitCode {
  const { dataset } = contract;
  const left = skipped.map(({ rowHash, why }) => ({ record: rowHash.slice(0, ID_LENGTH), why }));
  if (args.has('json')) {
    const document = { dataset, retryId: null, file: null, records: kept.length, skipped: left, runs: [] };
    io.out(JSON.stringify(document, null, 2));
    return EXIT.ok;
  }
  io.out(printable(`${plural(kept.length, 'record')} of ${dataset} corrected, and not tested yet.`));
  for (const { record, why } of left) io.out(printable(`  ${record} left out: ${why}`));
  const [first] = kept;
  const id = kept.length === 1 ? first?.rowHash.slice(0, ID_LENGTH) : '--all';
  io.out(
    `Next: ${nextCommand(args, io, `redrive ${id} --dataset ${dataset} --reason TEXT`)} (--bootstrap HOST:PORT | --to FILE)`,
  );
  return EXIT.ok;
}

interface Read {
  readonly corrections: Correction[];
  readonly skipped: { readonly rowHash: string; readonly why: string }[];
}

function readCorrections(lake: Lake, contract: SourceContract, args: Args, io: Io): Promise<Read> {
  const file = args.text('from');
  const [id, ...settings] = args.positionals;
  if (file !== undefined && id === undefined)
    return readFileCorrections(lake, contract, path.resolve(io.cwd, file));
  if (file !== undefined || id === undefined || settings.length === 0)
    throw usageError('Write RECORD column=value…, or --from FILE.');
  return readOne(lake, contract, { id, settings, args });
}

async function readOne(
  lake: Lake,
  contract: SourceContract,
  { id, settings, args }: { readonly id: string; readonly settings: readonly string[]; readonly args: Args },
): Promise<Read> {
  const values: Record<string, string | null> = {};
  for (const setting of settings) {
    const [, name = '', value = ''] = /^([^=]+)=([\s\S]*)$/.exec(setting) ?? [];
    if (!contract.columns.some((column) => column.name === name))
      throw usageError(
        `'${setting}' sets no column of ${contract.dataset}: write e.g. ${contract.columns[0]?.name}=value.`,
      );
    values[name] = value === '' ? null : value;
  }
  const filter = recordFilter(args, lake.effects.clock.now(), [id]);
  const [record] = await chosenRecords(lake, contract.dataset, { filter, states: ['open'] });
  return { corrections: record === undefined ? [] : [{ record, values }], skipped: [] };
}

async function readFileCorrections(lake: Lake, contract: SourceContract, file: string): Promise<Read> {
  const lines = await readEdited(file, contract);
  const filter = { ids: [] };
  const { records } = await readRecords(lake.effects, contract.dataset, { filter, states: EVERY_STATE });
  const byHash = new Map<string, FailedRecord>(records.map((record) => [record.rowHash, record]));
  const corrections: Correction[] = [];
  const skipped: Read['skipped'] = [];
  for (const line of lines) {
    const record = byHash.get(line.rowHash);
    const correction = record === undefined ? undefined : changesOf(line.values, record);
    if (record === undefined || record.state !== 'open')
      skipped.push({
        rowHash: line.rowHash,
        why: record === undefined ? 'it never failed' : `it is ${record.state}`,
      });
    else if (correction !== undefined) corrections.push(correction);
  }
  if (corrections.length === 0)
    throw usageError(`${file} corrects nothing: no value of an open record differs.`);
  return { corrections, skipped };
}
