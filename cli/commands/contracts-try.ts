import type { Contract } from '../../etl/contract/contract.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { openColumns } from '../../etl/contract/open-columns.ts';
import { ConfigError } from '../../etl/errors.ts';
import { MASK } from '../../etl/query/run-rejects.ts';
import { publishedContract } from '../../etl/stages/kept-contracts.ts';
import { personalData } from '../../etl/stages/personal-data.ts';
import type { ValueChange } from '../../etl/trying/compare-values.ts';
import type { Flip } from '../../etl/trying/compare-verdicts.ts';
import type { GoldEffect } from '../../etl/trying/gold-effect.ts';
import { maskGold } from '../../etl/trying/mask-gold.ts';
import { type ContractTrial, tryContract } from '../../etl/trying/try-contract.ts';
import type { Command } from '../command.ts';
import { readContractFile } from '../contract-file.ts';
import { EXIT } from '../exit-codes.ts';
import { openLakeOf } from '../open-lake.ts';
import { fileName } from '../print/counts-table.ts';
import { count, plural } from '../print/format.ts';
import { printableLines } from '../print/printable.ts';
import { table } from '../print/table.ts';
import { usageError } from '../usage-error.ts';
import { comparisonText } from './contracts-diff.ts';

const DEFAULT_LIMIT = '3';
const MOST_FIGURES = 50;

/** `assay contracts try`: what a contract would change, without publishing anything. */
export const contractsTry: Command = {
  name: 'contracts try',
  usage: 'FILE [--limit N] [--unmasked] [--lake DIR]',
  description: `Reads all files of a dataset in Bronze again under a proposed contract, and with them everything that is in quarantine, and
says what would become of it: which records would go to Silver or leave it, by the rule that decides it, with examples;
which values would be read otherwise; and which published figures of Gold would change. Publishes nothing. It is what
'assay backfill' of all files would give. What people corrected or condemned stays as it is.
Values of personal and confidential columns are shown as •••.`,
  options: {
    limit: {
      type: 'string',
      value: 'N',
      help: `show at most N examples for each rule and column (default: ${DEFAULT_LIMIT})`,
    },
    unmasked: { type: 'boolean', help: 'show the values of personal and confidential columns, too' },
  },
  examples: ['assay contracts try council_payments.yaml', 'assay contracts try council_payments.yaml --json'],
  positionals: { min: 1, max: 1, name: 'FILE' },
  async run(args, io) {
    const limit = args.text('limit') ?? DEFAULT_LIMIT;
    if (!/^\d{1,4}$/.test(limit))
      throw usageError(`--limit ${limit} is no number of examples: write e.g. 3.`);
    const [file = ''] = args.positionals;
    const proposed = await readContractFile(file, io);
    if (proposed.layer !== 'silver')
      throw new ConfigError(
        'NOT_A_SOURCE',
        `${file} is the contract of a Gold table: try one that files come for.`,
      );
    const lake = await openLakeOf(args, io);
    const loaded = await loadContracts(lake.effects.contracts);
    const limits = { mostExamples: Number(limit), mostFigures: MOST_FIGURES };
    const found = await tryContract(lake.effects, { loaded, proposed }, limits);
    const known = requireSourceContract(loaded, proposed.dataset);
    const current = await publishedContract(lake.effects.objects, known);
    const shown = args.has('unmasked')
      ? found
      : { ...masked(found, current, proposed), gold: maskGold(found.gold, loaded.contracts) };
    const head = { dataset: found.dataset, from: current.version, to: proposed.version };
    if (args.has('json')) io.out(JSON.stringify({ ...head, ...shown }, null, 2));
    else io.out(printableLines(trialText(shown, head, personalData(found, proposed))));
    return EXIT.ok;
  },
};

/** Reasons are masked already. Masks values that would be read differently, except in open columns. */
function masked(found: ContractTrial, current: Contract, proposed: Contract): ContractTrial {
  const [now, then] = [openColumns(current), openColumns(proposed)];
  const mask = (value: string | null): string | null => (value === null ? null : MASK);
  const values = found.values.map((change) =>
    now.has(change.column) && then.has(change.column)
      ? change
      : {
          ...change,
          examples: change.examples.map((one) => ({ ...one, old: mask(one.old), new: mask(one.new) })),
        },
  );
  return { ...found, values };
}

function trialText(
  found: ContractTrial,
  { dataset, from, to }: { dataset: string; from: string; to: string },
  personal: readonly string[],
): string {
  const { comparison, files, counts, flips, values, gold } = found;
  const { records, silverNow, silverThen, toSilver, out } = counts;
  return [
    `${dataset}, ${from} → ${to}: ${comparisonText(comparison)}`,
    `${plural(files, 'file')} read again, ${plural(records, 'record')}: in Silver ${count(silverNow)} now, ${count(silverThen)} then; ${count(toSilver)} would come, ${count(out)} would go`,
    ...flipTables(flips),
    ...valueTables(values),
    ...personal.map((found) => `Personal data where none should be: ${found}.`),
    ...gold.map(goldText),
    'Nothing was published.',
  ].join('\n\n');
}

const right = { align: 'right' as const };

/** Records whose verdict would change, as tables. */
export function flipTables(flips: readonly Flip[]): string[] {
  return (['silver', 'out'] as const).flatMap((to) => {
    const own = flips.filter((flip) => flip.to === to);
    if (own.length === 0) return [];
    const rows = own.map(({ code, column, rule, records, examples }) => [
      code,
      column ?? '',
      rule,
      count(records),
      examples
        .map(({ sourceFile, sourceRowNumber, value }) =>
          `${fileName(sourceFile)}:${sourceRowNumber} ${value ?? ''}`.trim(),
        )
        .join(', '),
    ]);
    const columns = [
      { name: 'code' },
      { name: 'column' },
      { name: 'rule' },
      { name: 'records', ...right },
      { name: 'e.g. file:record value' },
    ];
    const head =
      to === 'silver' ? 'Would go to Silver, refused now by:' : 'Would leave Silver, refused then by:';
    return [`${head}\n\n${table(columns, rows, { maxCell: 80 })}`];
  });
}

function valueTables(values: readonly ValueChange[]): string[] {
  if (values.length === 0) return [];
  const rows = values.map(({ column, records, examples }) => [
    column,
    count(records),
    examples
      .map(
        (one) =>
          `${fileName(one.sourceFile)}:${one.sourceRowNumber} ${one.old ?? 'NULL'} → ${one.new ?? 'NULL'}`,
      )
      .join(', '),
  ]);
  const columns = [{ name: 'column' }, { name: 'records', ...right }, { name: 'e.g. file:record was → is' }];
  return [`Would be read otherwise:\n\n${table(columns, rows, { maxCell: 110 })}`];
}

/** What would become of a Gold table, in words and figures. */
export function goldText({ report, restated, waiting = 0, figures, problem }: GoldEffect): string {
  if (problem !== null) return `${report} could not be made: ${problem}`;
  if (restated + waiting === 0) return `${report}: no published figure would change`;
  const rows = figures.map(({ month, key, column, old, new: now, waits }) => [
    month,
    Object.values(key).map(String).join(' · '),
    column,
    old ?? '',
    now ?? '',
    ...(waiting === 0 ? [] : [waits === true ? 'closed: would wait' : '']),
  ]);
  const columns = [
    { name: 'month' },
    { name: 'key' },
    { name: 'figure' },
    { name: 'was', ...right },
    { name: 'is', ...right },
    ...(waiting === 0 ? [] : [{ name: '' }]),
  ];
  const all = restated + waiting;
  const rest = all > figures.length ? `\n  … ${plural(all - figures.length, 'more figure')}` : '';
  const closed = waiting === 0 ? '' : `, and ${waiting} of closed months would wait for a decision`;
  return `${report}: ${plural(restated, 'published figure')} would change${closed}\n\n${table(columns, rows)}${rest}`;
}
