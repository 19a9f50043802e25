import path from 'node:path';
import { withEngine } from '../../etl/engine/engine.ts';
import type { QueryAnswer } from '../../etl/query/answer.ts';
import { parseAsOf } from '../../etl/query/as-of.ts';
import { runQuery } from '../../etl/query/run-query.ts';
import { answerFormat, FORMAT_HELP, printAnswer } from '../answer-format.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { openLakeOf } from '../open-lake.ts';
import { usageError } from '../usage-error.ts';

/** `assay query`: SQL over the lake's tables. */
export const query: Command = {
  name: 'query',
  usage: '"SQL" [--format F] [--out FILE] [--as-of SNAPSHOT|TIME] [--files DIR] [--engine E]',
  description: `Answers one query in DuckDB's SQL over the published tables; nothing can be changed with it. '-' reads the SQL from stdin.
Tables: silver.<domain>_<name>, gold.<domain>_<name>, quarantine.<domain>_<name>, condemned.<domain>_<name>, and
ops.runs, ops.source_files, ops.quarantine, ops.condemned, ops.alerts, ops.snapshots, ops.restatements.
In JSON, decimals and integers beyond 2^53 are text, so that nothing is rounded. In CSV, NULL is empty and an empty
text is "". In Excel, columns with numbers of more than 15 digits are text, and times are UTC. In Parquet, integers of
128 bits, which sums of integers are, become DECIMAL(38,0).
With --target aws, Athena answers in its own SQL (Trino's), and what it read and costs is said on stderr; of ops it has
the ledgers, ops.source_files_<domain>_<name>. '--engine local' answers everything as embedded.`,
  options: {
    format: {
      type: 'string',
      value: 'F',
      help: FORMAT_HELP,
    },
    out: {
      type: 'string',
      value: 'FILE',
      help: 'write all rows to a file instead of stdout; parquet and xlsx need it',
    },
    'as-of': {
      type: 'string',
      value: 'WHEN',
      help: 'a snapshot id, or a time (2024-05-01, 2024-05-01T12:00Z; UTC unless it says otherwise)',
    },
    'max-rows': { type: 'string', value: 'N', help: 'rows that a table shows; 200 unless given' },
    files: {
      type: 'string',
      value: 'DIR',
      help: "a folder whose files the SQL may read, too, e.g. FROM 'lookup.csv'; none unless given",
    },
    engine: {
      type: 'string',
      value: 'E',
      help: 'with --target aws: athena, unless given; or local, which reads the tables onto this machine',
    },
  },
  examples: [
    'assay query "SELECT * FROM gold.spend_monthly_totals ORDER BY as_of_month"',
    'assay query "SELECT * FROM silver.spend_council_payments" --out payments.parquet',
    'assay query "SELECT run_id, status, silver, quarantined FROM ops.runs ORDER BY started_at" --format csv',
    'assay query "SELECT sum(net_amount) FROM silver.spend_council_payments" --as-of 2024-05-01T09:00Z',
    'assay query - --json < question.sql',
    'assay query "SELECT * FROM gold.spend_monthly_totals" --target aws --format csv',
  ],
  positionals: { min: 1, max: 1, name: '"SQL"' },
  async run(args, io) {
    const format = answerFormat(args, io);
    const asOf = args.text('as-of');
    const when = asOf === undefined ? ({ kind: 'now' } as const) : parseAsOf(asOf);
    const isAthena = wantsAthena(args);
    const sql = await readSql(args, io);
    const lake = await openLakeOf(args, io);
    if (format.out !== undefined) refuseInside(lake.root, format.out);
    const { athena, effects } = lake;
    if (isAthena && athena !== undefined) {
      const { askAthena } = await import('../query-athena.ts');
      const print = (answer: QueryAnswer, scratchDirectory: string): Promise<void> =>
        printAnswer(answer, format, io, { scratchDirectory });
      await askAthena({ effects, athena }, { sql, asOf: when }, { io, print });
      return EXIT.ok;
    }
    const scratch = await effects.openScratch('query');
    const files = args.text('files');
    const folders = [
      ...(effects.engine.folders ?? []),
      ...(files === undefined ? [] : [path.resolve(io.cwd, files)]),
    ];
    try {
      await withEngine(
        { ...effects.engine, folders },
        path.join(scratch.directory, 'spill'),
        async (engine) =>
          printAnswer(await runQuery(engine, effects, sql, when), format, io, {
            scratchDirectory: scratch.directory,
          }),
      );
    } finally {
      await scratch.dispose();
    }
    return EXIT.ok;
  },
};

/** Whether Athena is to answer, where there is one. */
function wantsAthena(args: Args): boolean {
  const engine = args.text('engine');
  if (engine !== undefined && engine !== 'athena' && engine !== 'local')
    throw usageError(`--engine ${engine} is unknown: write athena or local.`);
  if (engine === 'athena' && args.text('target') !== 'aws')
    throw usageError('--engine athena is of a platform on AWS: add --target aws, or leave it out.');
  return engine !== 'local';
}

async function readSql(args: Args, io: Io): Promise<string> {
  const [given = ''] = args.positionals;
  const sql = given === '-' ? await io.readInput() : given;
  if (sql.trim() === '') throw usageError('The SQL is empty: write e.g. assay query "FROM ops.runs".');
  return sql;
}

/** What lies in a lake is written by runs alone. */
function refuseInside(root: string, out: string): void {
  if (!path.relative(root, out).startsWith('..')) {
    throw usageError(`--out ${out} lies in the lake, where only runs write: name a file elsewhere.`);
  }
}
