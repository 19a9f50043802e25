import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';

/** A case of a public test suite: a CSV text, and the fields of each of its rows. */
export interface SuiteCase {
  readonly name: string;
  readonly text: string;
  readonly rows: readonly (readonly string[])[];
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  /** Whether the suite calls the text malformed; `rows` is then what its own parser makes of it. */
  readonly isMalformed: boolean;
}

const require = createRequire(import.meta.url);
const SPECTRUM = path.dirname(require.resolve('csv-spectrum/package.json'));
const PAPA = path.dirname(require.resolve('papaparse/package.json'));

/** The files of csv-spectrum: CSV beside the same as JSON objects, whose names are the first row. */
export function csvSpectrum(): SuiteCase[] {
  return readdirSync(path.join(SPECTRUM, 'csvs')).map((file) => {
    const name = path.basename(file, '.csv');
    const text = readFileSync(path.join(SPECTRUM, 'csvs', file), 'utf8');
    // One row is an object, several are a list.
    const objects = [
      JSON.parse(readFileSync(path.join(SPECTRUM, 'json', `${name}.json`), 'utf8')),
    ].flat() as Record<string, string>[];
    const names = Object.keys(objects[0] ?? {});
    const rows = [names, ...objects.map((object) => names.map((key) => String(object[key])))];
    return { name, text, rows, delimiter: ',', quote: '"', escape: '"', isMalformed: false };
  });
}

/** A test of Papa Parse, as its own file of tests has it. */
interface PapaTest {
  readonly description: string;
  readonly input: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly expected: {
    readonly data: readonly (readonly string[])[];
    readonly errors?: readonly { readonly type: string }[];
    readonly meta?: { readonly delimiter?: string };
  };
}

/** What a contract can say, too; tests of other options, or of guessing, are about Papa Parse, and left out. */
const OPTIONS = ['delimiter', 'quoteChar', 'escapeChar', 'newline'];
const SIGN = /^[\t -/:-@[-`{-~]$/;

/** The tests of Papa Parse's two parsers whose options a contract has. */
export function papaParse(): SuiteCase[] {
  const source = readFileSync(path.join(PAPA, 'tests', 'test-cases.js'), 'utf8');
  const describe = Object.assign(() => undefined, { skip: () => undefined });
  const globals = { describe, Papa: {}, chai: { assert: {} } };
  // The suite is a script for browsers: its lists are globals, and what would run them is left out.
  const script = `${source.replace('var chai;', '').replace('var Papa;', '')}\n;[CORE_PARSER_TESTS, PARSE_TESTS]`;
  const [core, parse] = vm.runInNewContext(script, globals) as [PapaTest[], PapaTest[]];
  const named = [
    ...core.map((test) => ({ ...test, description: `core: ${test.description}` })),
    ...parse.map((test) => ({ ...test, description: `parse: ${test.description}` })),
  ];
  return named.flatMap((test) => papaCase(test) ?? []);
}

function papaCase({ description, input, config = {}, expected }: PapaTest): SuiteCase | undefined {
  const isOurs = Object.keys(config).every((name) => OPTIONS.includes(name));
  if (!isOurs || /guess/i.test(description)) return undefined;
  const delimiter = config.delimiter ?? expected.meta?.delimiter ?? ',';
  const quote = config.quoteChar ?? '"';
  const escaping = config.escapeChar ?? quote;
  const isSign = (sign: unknown): sign is string => typeof sign === 'string' && SIGN.test(sign);
  if (!isSign(delimiter) || !isSign(quote) || !isSign(escaping)) return undefined;
  const isMalformed = (expected.errors ?? []).some(({ type }) => type === 'Quotes');
  // Arrays of another realm are not equal to ours.
  const rows = expected.data.map((row) => [...row].map(String));
  return { name: description, text: input, rows, delimiter, quote, escape: escaping, isMalformed };
}
