import path from 'node:path';
import { withEngine } from '../../etl/engine/engine.ts';
import type { QueryAnswer } from '../../etl/query/answer.ts';
import { type AsOf, parseAsOf } from '../../etl/query/as-of.ts';
import { listTables } from '../../etl/query/catalog.ts';
import { type Revealing, runQuery } from '../../etl/query/run-query.ts';
import { isBlankSql } from '../../etl/query/sql-text.ts';
import { type AnswerFormat, answerFormat, FORMAT_HELP, FORMATS, printAnswer } from '../answer-format.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import type { Io } from '../io.ts';
import { noteCommandRead } from '../note-command-read.ts';
import { type CommandLake, openLakeOf } from '../open-lake.ts';
import { isDebug, printError } from '../print/error.ts';
import { usageError } from '../usage-error.ts';

/** `assay query`: SQL over the lake's tables. */
export const query: Command = {
  name: 'query',
  usage: '["SQL"] [--format F] [--out FILE] [--as-of SNAPSHOT|TIME] [--files DIR] [--engine E]',
  description: `Answers one query in DuckDB's SQL over the published tables; nothing can be changed with it. '-' reads the SQL from stdin.
Without SQL, on a terminal, it asks for statements, with history and completion; .help there says more.
SHOW TABLES lists the tables, DESCRIBE silver.<domain>_<name> says what the columns mean and who owns them.
Tables: silver.<domain>_<name>, gold.<domain>_<name>, quarantine.<domain>_<name>, condemned.<domain>_<name>, and
ops.runs, ops.source_files, ops.quarantine, ops.condemned, ops.alerts, ops.snapshots, ops.restatements.
In JSON, decimals and integers beyond 2^53 are text, so that nothing is rounded. In CSV, NULL is empty and an empty
text is "". In Excel, columns with numbers of more than 15 digits are text, and times are UTC. In Parquet, integers of
128 bits, which sums of integers are, become DECIMAL(38,0).
With --target aws, Athena answers in its own SQL (Trino's), and what it read and costs is said on stderr; of ops it has
the ledgers, ops.source_files_<domain>_<name>. '--engine local' answers everything as embedded.
Protected columns hold envelopes. --reveal GROUP with --reason shows the values of a data group, in the tables and by the
function reveal(envelope); that they were seen is kept in ops.reveals first: by whom, why, of which columns, and how many.`,
  options: {
    format: {
      type: 'string',
      value: 'F',
      choices: FORMATS,
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
      help: 'a snapshot id, or a time (2024-05-01, which is its end, 2024-05-01T12:00Z; UTC unless it says otherwise)',
    },
    'max-rows': { type: 'string', value: 'N', help: 'most rows that a table shows (default: 200)' },
    files: {
      type: 'string',
      value: 'DIR',
      help: "a folder whose files the SQL may read, too, e.g. FROM 'lookup.csv' (default: none)",
    },
    reveal: {
      type: 'string',
      value: 'GROUP',
      multiple: true,
      help: 'show the values of this data group instead of envelopes; needs --reason; may be given more than once',
    },
    reason: { type: 'string', value: 'TEXT', help: 'why values are revealed; it is kept for good' },
    by: WORD_OPTIONS.by,
    engine: {
      type: 'string',
      value: 'E',
      choices: ['athena', 'local'],
      help: 'with --target aws: athena (the default), or local, which reads the tables onto this machine',
    },
  },
  examples: [
    'assay query',
    'assay query "DESCRIBE silver.spend_council_payments"',
    'assay query "SELECT * FROM gold.spend_monthly_totals ORDER BY as_of_month"',
    'assay query "SELECT * FROM silver.spend_council_payments" --out payments.parquet',
    'assay query "SELECT run_id, status, silver, quarantined FROM ops.runs ORDER BY started_at" --format csv',
    'assay query "SELECT sum(net_amount) FROM silver.spend_council_payments" --as-of 2024-05-01T09:00Z',
    'assay query "SELECT name, mail FROM silver.shop_customers WHERE customer_id IS NOT NULL" --reveal contact --reason "case 991"',
    'assay query - --json < question.sql',
    'assay query "SELECT * FROM gold.spend_monthly_totals" --target aws --format csv',
  ],
  positionals: { min: 0, max: 1, name: '"SQL"' },
  async run(args, io) {
    const format = answerFormat(args, io);
    const asOf = args.text('as-of');
    const when = asOf === undefined ? ({ kind: 'now' } as const) : parseAsOf(asOf);
    const isAthena = wantsAthena(args);
    const sql = await readSql(args, io);
    const lake = await openLakeOf(args, io);
    if (format.out !== undefined) refuseInside(lake.root, format.out);
    const reveal = revealingOf(args, io, isAthena && lake.athena !== undefined);
    const asked = { asOf: when, isAthena, files: args.text('files'), reveal };
    const ask = async (text: string, place: Io): Promise<void> => {
      await answer(lake, { sql: text, ...asked }, { format, io: place });
      await noteCommandRead(lake, { sql: text }, { args, io });
    };
    if (sql !== undefined) await ask(sql, io);
    else await promptFor(lake, ask, { args, io });
    return EXIT.ok;
  },
};

interface Question {
  readonly sql: string;
  readonly asOf: AsOf;
  readonly isAthena: boolean;
  /** The folder whose files the SQL may read. */
  readonly files: string | undefined;
  readonly reveal: Revealing | undefined;
}

/** Answers a question and prints the answer; Ctrl-C stops it. */
async function answer(
  { effects, athena }: CommandLake,
  { sql, asOf, isAthena, files, reveal }: Question,
  { format, io }: { readonly format: AnswerFormat; readonly io: Io },
): Promise<void> {
  const print = (found: QueryAnswer, scratchDirectory: string): Promise<void> =>
    printAnswer(found, format, io, { scratchDirectory });
  if (isAthena && athena !== undefined) {
    const { askAthena } = await import('../query-athena.ts');
    return await askAthena({ effects, athena }, { sql, asOf }, { io, print });
  }
  const scratch = await effects.openScratch('query');
  const folders = [
    ...(effects.engine.folders ?? []),
    ...(files === undefined ? [] : [path.resolve(io.cwd, files)]),
  ];
  try {
    await withEngine(
      { ...effects.engine, folders, ...(reveal === undefined ? {} : { isSpillSealed: true }) },
      path.join(scratch.directory, 'spill'),
      async (engine) => {
        const ignore = io.onInterrupt(() => engine.stop());
        try {
          const question = { sql, asOf, ...(reveal === undefined ? {} : { reveal }) };
          await print(await runQuery(engine, effects, question), scratch.directory);
        } finally {
          ignore();
        }
      },
    );
  } finally {
    await scratch.dispose();
  }
}

/** Answers one statement after another on the terminal; a mistake in one is told, and the next is asked for. */
async function promptFor(
  { effects }: CommandLake,
  ask: (sql: string, place: Io) => Promise<void>,
  { args, io }: { readonly args: Args; readonly io: Io },
): Promise<void> {
  const { queryPrompt } = await import('../prompt/query-prompt.ts');
  const tables = (await listTables(effects)).map(({ name, columns }) => ({
    name,
    columns: columns.map((column) => column.name),
  }));
  await queryPrompt({
    io,
    openLines: io.openLines ?? noTerminal,
    tables,
    ask: async (sql, onInterrupt) => {
      try {
        await ask(sql, { ...io, onInterrupt });
      } catch (error) {
        printError(error, io, { json: false, debug: isDebug(args, io) });
      }
    },
  });
}

function noTerminal(): never {
  throw usageError(
    '"SQL" is missing. Write: assay query "SQL"; on a terminal, assay query alone asks for it.',
  );
}

/** What is to be revealed; undefined where nothing is. Throws ConfigError `USAGE` where no reason is given for it. */
function revealingOf(args: Args, io: Io, isAthena: boolean): Revealing | undefined {
  const groups = args
    .texts('reveal')
    .flatMap((text) => text.split(','))
    .map((one) => one.trim());
  if (groups.length === 0) {
    if (args.text('reason') !== undefined)
      throw usageError('--reason is of no use without --reveal: name the data group whose values you need.');
    return undefined;
  }
  if (isAthena) throw usageError('Athena reveals nothing, since it has no keys: add --engine local.');
  return { groups: [...new Set(groups)], ...wordOf(args, io) };
}

/** Whether Athena is to answer, where there is one. */
function wantsAthena(args: Args): boolean {
  const engine = args.text('engine');
  if (engine !== undefined && engine !== 'athena' && engine !== 'local')
    throw usageError(`--engine ${engine} is unknown: write athena or local.`);
  if (engine === 'athena' && args.text('target') !== 'aws')
    throw usageError('--engine athena is of a platform on AWS: add --target aws, or leave it out.');
  return engine !== 'local';
}

/** The SQL of the command line or of stdin; undefined where it is asked for on the terminal. */
async function readSql(args: Args, io: Io): Promise<string | undefined> {
  const [given] = args.positionals;
  if (given === undefined) {
    if (io.openLines === undefined) noTerminal();
    if (args.has('json') || args.text('out') !== undefined)
      throw usageError('"SQL" is missing: --json and --out need it on the command line.');
    return undefined;
  }
  const sql = given === '-' ? await io.readInput() : given;
  if (isBlankSql(sql)) throw usageError('The SQL is empty: write e.g. assay query "FROM ops.runs".');
  return sql;
}

/** What lies in a lake is written by runs alone. */
function refuseInside(root: string, out: string): void {
  if (!path.relative(root, out).startsWith('..')) {
    throw usageError(`--out ${out} lies in the lake, where only runs write: name a file elsewhere.`);
  }
}
