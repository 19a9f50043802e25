import path from 'node:path';
import { jsonLines } from '../../etl/answers/text.ts';
import type { Contract, GoldContract } from '../../etl/contract/contract.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { withEngine } from '../../etl/engine/engine.ts';
import { tableName } from '../../etl/naming/datasets.ts';
import type { QueryAnswer } from '../../etl/query/answer.ts';
import { type AsOf, parseAsOf } from '../../etl/query/as-of.ts';
import { findReport } from '../../etl/query/find-report.ts';
import { reportSql } from '../../etl/query/gold-report.ts';
import { type ReportFacts, reportFacts } from '../../etl/query/report-facts.ts';
import { runQuery } from '../../etl/query/run-query.ts';
import { answerFormat, FORMAT_HELP, printAnswer } from '../answer-format.ts';
import { printClosed, requireClosedTerms } from '../closed-report.ts';
import type { Args, Command } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { nextCommand } from '../locations.ts';
import { monthOf, monthOption } from '../month.ts';
import { noteCommandRead } from '../note-command-read.ts';
import { openLakeOf } from '../open-lake.ts';
import { printText } from '../print/answer.ts';
import { time } from '../print/format.ts';
import { terminalSink } from '../print/sink.ts';
import { table } from '../print/table.ts';
import { usageError } from '../usage-error.ts';

/** `assay report`: a Gold table. */
export const report: Command = {
  name: 'report',
  usage:
    '[NAME] [--month YYYY-MM] [--as-of WHEN | --closed [--closing ID]] [--format F] [--out FILE] [--sheet-per-month] [--lake DIR]',
  description: `Prints a Gold table, all its months or one, and the Silver snapshot that it was made from. NAME is <domain>.<name>, or
<name> alone where no other has it; without NAME, lists the reports there are. With --as-of, as it was published then, or
as it was made from a Silver snapshot; with --closed, the rows of closed months, as they were closed. In JSON, decimals are text, so that nothing is rounded.`,
  options: {
    month: monthOption('only this month'),
    'as-of': {
      type: 'string',
      value: 'WHEN',
      help: 'a time (UTC unless it says otherwise; a day is its end), or the id of a snapshot of the report or of what it was made from',
    },
    closed: { type: 'boolean', help: 'the rows that months were closed with' },
    closing: { type: 'string', value: 'ID', help: 'with --closed: this closing, also one that ended' },
    format: { type: 'string', value: 'F', help: FORMAT_HELP },
    out: { type: 'string', value: 'FILE', help: 'write all rows to a file instead of stdout' },
    'sheet-per-month': { type: 'boolean', help: 'of a spreadsheet (.xlsx): a sheet for each month' },
    'max-rows': { type: 'string', value: 'N', help: 'most rows that a table shows (default: 200)' },
  },
  examples: [
    'assay report',
    'assay report spend.monthly_totals',
    'assay report account_balances --month 2024-03 --format csv --out balances.csv',
    'assay report account_balances --sheet-per-month --out balances.xlsx',
    'assay report monthly_totals --month 2024-03 --as-of 2024-05-01 --out as-reported.xlsx',
    'assay report monthly_totals --month 2024-03 --closed --out as-closed.csv',
  ],
  positionals: { min: 0, max: 1, name: 'NAME' },
  async run(args, io) {
    const format = answerFormat(args, io);
    if (args.has('sheet-per-month') && format.format !== 'xlsx')
      throw usageError('--sheet-per-month is of a spreadsheet: add --out FILE.xlsx, or leave it out.');
    const month = monthOf(args);
    const text = args.text('as-of');
    const asOf: AsOf = text === undefined ? { kind: 'now' } : parseAsOf(text);
    requireClosedTerms(args);
    const lake = await openLakeOf(args, io);
    const [name] = args.positionals;
    if (name === undefined && text !== undefined)
      throw usageError('--as-of is of one report: name it, or leave --as-of out.');
    if (name === undefined) {
      const { contracts } = await loadContracts(lake.effects.contracts);
      return listReports(contracts.values(), args, io);
    }
    const contract = await findReport(lake.effects, name);
    await noteCommandRead(lake, { dataset: contract.dataset }, { args, io });
    if (args.has('closed')) return await printClosed({ lake, contract, month, format }, args, io);
    const scratch = await lake.effects.openScratch('report');
    try {
      return await withEngine(lake.effects.engine, path.join(scratch.directory, 'spill'), async (engine) => {
        const answer = await runQuery(engine, lake.effects, { sql: reportSql(contract, month), asOf });
        const facts = await reportFacts(lake.effects, contract, { month, asOf });
        if (format.format === 'json' && format.out === undefined) return await printWhole(facts, answer, io);
        if (format.format === 'table') printHead(facts, contract, io);
        await printAnswer(answer, format, io, {
          isGrouped: true,
          scratchDirectory: scratch.directory,
          ...(args.has('sheet-per-month') ? { sheetPerMonth: contract.partitionColumn } : {}),
        });
        if (format.format === 'table') printFoot(facts, { args, io });
        return EXIT.ok;
      });
    } finally {
      await scratch.dispose();
    }
  },
};

function listReports(contracts: Iterable<Contract>, args: Args, io: Io): ExitCode {
  const golds = [...contracts].filter((contract) => contract.layer === 'gold');
  if (args.has('json')) {
    const reports = golds.map(({ dataset, version, owner, description }) => ({
      report: dataset,
      table: tableName('gold', dataset),
      version,
      owner,
      description,
    }));
    io.out(JSON.stringify(reports, null, 2));
    return EXIT.ok;
  }
  if (golds.length === 0) io.out('No contract is for a Gold table, so there are no reports.');
  else
    io.out(
      table(
        [{ name: 'report' }, { name: '' }],
        golds.map(({ dataset, description }) => [dataset, firstSentence(description)]),
        { maxCell: 110 },
      ),
    );
  if (golds[0] !== undefined) io.out(`\nNext: ${nextCommand(args, io, `report ${golds[0].dataset}`)}`);
  return EXIT.ok;
}

const firstSentence = (text: string): string => /^.*?\.(?=\s|$)/s.exec(text)?.[0] ?? text;

/** The report as one JSON object; its rows are printed as they come. */
async function printWhole(facts: ReportFacts, answer: QueryAnswer, io: Io): Promise<ExitCode> {
  const head = JSON.stringify({ ...facts, columns: answer.columns }, null, 2);
  io.out(`${head.slice(0, -2)},\n  "rows":`);
  await printText(jsonLines(answer), terminalSink(io));
  io.out('}');
  return EXIT.ok;
}

function printHead(facts: ReportFacts, contract: GoldContract, io: Io): void {
  const period = facts.month === null ? '' : ` · ${facts.month}`;
  const sources = facts.madeFrom.map(({ dataset, snapshotId }) => `${dataset} snapshot ${snapshotId}`);
  io.out(`${contract.dataset}${period}: ${firstSentence(contract.description)}`);
  io.out(
    facts.committedAt === null
      ? `Not made yet: the next run of ${contract.inputs.join(' or ')} makes it.\n`
      : `Made at ${time(facts.committedAt)} UTC from ${sources.join(', ')}${facts.contractVersion === null ? '' : `; contract ${facts.contractVersion}`}.\n`,
  );
}

function printFoot(facts: ReportFacts, { args, io }: { readonly args: Args; readonly io: Io }): void {
  if (facts.waiting.length > 0) {
    const list = nextCommand(args, io, `restatements ${facts.report}`);
    io.out(`Late data would change ${facts.waiting.join(', ')}, which finance has closed: ${list}`);
  } else if (facts.isRestated) sayRestated(facts, { args, io });
}

function sayRestated(facts: ReportFacts, { args, io }: { readonly args: Args; readonly io: Io }): void {
  const question = `query "FROM ops.restatements WHERE dataset = '${facts.report}'"`;
  io.out(`Figures of it were restated; what they were before: ${nextCommand(args, io, question)}`);
}
