import { reasonWords } from '../../etl/quarantine/gate-failures.ts';
import { type ListedRecord, listedRecord, readRecords } from '../../etl/quarantine/read-records.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { fileName } from '../print/counts-table.ts';
import { count, plural, time } from '../print/format.ts';
import { table } from '../print/table.ts';
import { datasetsOf, FILTER_OPTIONS, recordFilter } from '../quarantine-filter.ts';
import { usageError } from '../usage-error.ts';

const DEFAULT_LIMIT = '50';

/** `assay quarantine list`: what is open, or condemned. */
export const quarantineList: Command = {
  name: 'quarantine list',
  usage:
    '[--dataset D] [--code CODE] [--column COLUMN] [--file TEXT] [--run RUN] [--older-than AGE] [--condemned] [--limit N]',
  description: `Lists the records that failed and are open, with where they came from and why they failed last: of one dataset or of all.
A record is open until it is in Silver, condemned, or replaced by a correction; 'retrying' ones wait in a run.
With --condemned, those that are condemned instead.`,
  options: {
    ...FILTER_OPTIONS,
    condemned: { type: 'boolean', help: 'the condemned records instead of the open ones' },
    limit: {
      type: 'string',
      value: 'N',
      help: `show at most N records of each dataset (default: ${DEFAULT_LIMIT})`,
    },
  },
  examples: [
    'assay quarantine list',
    'assay quarantine list --dataset spend.council_payments --code TYPE_ERROR --older-than 7d',
  ],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const limit = args.text('limit') ?? DEFAULT_LIMIT;
    if (!/^[1-9]\d{0,6}$/.test(limit))
      throw usageError(`--limit ${limit} is no number of records: write e.g. 50.`);
    const lake = await openLakeOf(args, io);
    const filter = recordFilter(args, lake.effects.clock.now());
    const states = args.has('condemned') ? (['condemned'] as const) : (['open', 'retrying'] as const);
    const lists: { dataset: string; total: number; records: ListedRecord[] }[] = [];
    for (const dataset of await datasetsOf(args, lake)) {
      const { records, total } = await readRecords(lake.effects, dataset, {
        filter,
        states,
        limit: Number(limit),
      });
      lists.push({ dataset, total, records: records.map(listedRecord) });
    }
    if (args.has('json')) {
      io.out(JSON.stringify(lists, null, 2));
      return EXIT.ok;
    }
    const shown = lists.filter(({ total }) => total > 0);
    for (const list of shown) io.out(`${listText(list)}\n`);
    const [first] = shown.flatMap(({ records }) => records);
    if (first === undefined) io.out(args.has('condemned') ? 'No record is condemned.' : 'No record is open.');
    else io.out(`Next: ${nextCommand(args, io, `quarantine show ${first.record}`)}`);
    return EXIT.ok;
  },
};

interface Listed {
  readonly dataset: string;
  readonly total: number;
  readonly records: readonly ListedRecord[];
}

function listText({ dataset, total, records }: Listed): string {
  const rows = records.map((one) => [
    one.record,
    one.state,
    fileName(one.sourceFile),
    count(one.sourceRowNumber),
    String(one.failures),
    time(one.failedAt),
    one.reasons.map(reasonWords).join(', '),
  ]);
  const right = { align: 'right' as const };
  const columns = [
    { name: 'record' },
    { name: 'state' },
    { name: 'file' },
    { name: 'row', ...right },
    { name: 'failures', ...right },
    { name: 'last (UTC)' },
    { name: 'reasons' },
  ];
  const rest = total > records.length ? `\n  … ${plural(total - records.length, 'more record')}` : '';
  return `${dataset}: ${plural(total, 'record')}\n${table(columns, rows)}${rest}`;
}
