import { parseDataset } from '../../etl/naming/datasets.ts';
import { readRun, runKeys } from '../../etl/operations/find-run.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { count, duration, time } from '../print/format.ts';
import { table } from '../print/table.ts';
import { runJson } from '../run-json.ts';
import { usageError } from '../usage-error.ts';

const DEFAULT_LIMIT = '20';

/** `assay runs`: the runs there were. */
export const runs: Command = {
  name: 'runs',
  usage: '[--dataset D] [--limit N] [--held] [--lake DIR]',
  description: `Lists the runs, newest first: how each ended, and how many records it tested. Times are UTC. Runs that found nothing to do
leave no trace.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'only of this dataset' },
    limit: { type: 'string', value: 'N', help: `show at most N runs (default: ${DEFAULT_LIMIT})` },
    held: { type: 'boolean', help: 'only those that wait for a decision' },
  },
  examples: [
    'assay runs',
    'assay runs --held',
    'assay runs --dataset spend.council_payments --limit 100 --json',
  ],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const limit = args.text('limit') ?? DEFAULT_LIMIT;
    if (!/^[1-9]\d{0,6}$/.test(limit))
      throw usageError(`--limit ${limit} is no number of runs: write e.g. 50.`);
    const dataset = args.text('dataset');
    if (dataset !== undefined) parseDataset(dataset);
    const lake = await openLakeOf(args, io);
    const records: RunRecord[] = [];
    for await (const key of runKeys(lake.effects, { dataset })) {
      const record = await readRun(lake.effects, key);
      if (record !== undefined && (!args.has('held') || record.status === 'held')) records.push(record);
      if (records.length === Number(limit)) break;
    }
    if (args.has('json')) io.out(JSON.stringify(records.map(runJson), null, 2));
    else if (records.length === 0) io.out(args.has('held') ? 'No run is held.' : 'There are no runs yet.');
    else io.out(`${runsTable(records)}\n\nNext: ${nextCommand(args, io, `show ${records[0]?.runId ?? ''}`)}`);
    return EXIT.ok;
  },
};

function runsTable(records: readonly RunRecord[]): string {
  const numbers = ['records', 'silver', 'quarantined', 'condemned', 'took'];
  return table(
    [
      { name: 'run' },
      { name: 'dataset' },
      { name: 'status' },
      { name: 'ended' },
      ...numbers.map((name) => ({ name, align: 'right' as const })),
      { name: '' },
    ],
    records.map(({ runId, dataset, status, endedAt, counts, durationMs, why }) => [
      runId,
      dataset,
      status,
      time(endedAt),
      ...[counts.records, counts.silver, counts.quarantined, counts.condemned].map(count),
      duration(durationMs),
      why.join('; '),
    ]),
    { indent: 0, maxCell: 60 },
  );
}
