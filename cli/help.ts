import type { Command, Option } from './command.ts';
import { COMMANDS } from './commands.ts';
import { COMMON_OPTIONS } from './parse-args.ts';

/** The help of `assay` as a whole. */
export function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    'Assay tests every record of the CSV files that source systems drop, and publishes what passes as open tables.',
    '',
    'Usage: assay COMMAND [ARGUMENTS] [OPTIONS]',
    '',
    'Commands',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Start with',
    '  assay new dataset orders.csv --dataset shop.orders',
    '  assay new gold shop.monthly_orders --from shop.orders',
    '  assay run',
    '  assay report shop.monthly_orders',
    '',
    '`assay COMMAND --help` explains a command; docs/cli.md has it all. `assay --version` says the version.',
    EXIT_CODES,
  ].join('\n');
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const usage = `Usage: assay ${command.name} ${command.usage}`.trimEnd();
  const sections = [usage, '', command.description];
  if (Object.keys(command.options).length > 0) sections.push('', 'Options', ...optionLines(command.options));
  sections.push('', 'Options of every command', ...optionLines(COMMON_OPTIONS));
  if (command.examples.length > 0)
    sections.push('', 'Examples', ...command.examples.map((line) => `  ${line}`));
  sections.push('', EXIT_CODES);
  return sections.join('\n');
}

const EXIT_CODES =
  'Exit codes: 0 ok, 1 the data failed or is held, 2 usage or configuration, 3 internal error.';

function optionLines(options: Readonly<Record<string, Option>>): string[] {
  const entries = Object.entries(options).map(([name, { value, help }]) => ({
    left: `--${name}${value === undefined ? '' : ` ${value}`}`,
    help,
  }));
  const width = Math.max(...entries.map(({ left }) => left.length));
  return entries.map(({ left, help }) => `  ${left.padEnd(width)}  ${help}`);
}
