import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { everyFile } from '../../adapters/local/every-file.ts';
import { guarded } from '../../adapters/local/file-errors.ts';
import { type LookedAt, type LookedThrough, lookThrough } from '../../etl/privacy/looking/look-through.ts';
import { LEAST_CHARACTERS, valuesOf } from '../../etl/privacy/looking/needles.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { shownPath } from '../locations.ts';
import { type CommandLake, openLakeOf } from '../open-lake.ts';
import { count, plural, size } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { progressBar } from '../print/progress.ts';
import { table } from '../print/table.ts';
import { usageError } from '../usage-error.ts';

/** `assay privacy verify`: whether values stand anywhere in a lake. */
export const privacyVerify: Command = {
  name: 'privacy verify',
  usage: '--value-file FILE [--folder DIR]… [--lake DIR]',
  description: `Looks for values through every byte of the lake, and says where they stand: they must be nowhere. FILE has one value a line,
of ${LEAST_CHARACTERS} characters or more. Looked through is every file, of the lake's own folders, too, and what is packed in them: zip, gzip,
zstd, workbooks, pages and dictionaries of Parquet, blocks of Avro. A value is found as UTF-8, UTF-16 and Latin-1, in lower
and upper case, escaped as in addresses, JSON, HTML and CSV, in hex, in base64 wherever it begins, and by its plain digests.
What is found is told by its line in FILE, never by the value. Ends with 1 where a value was found, or a file could not be
looked through. On AWS it reads every object of the lake's buckets, as it is now.`,
  options: {
    'value-file': { type: 'string', value: 'FILE', help: 'the values, one a line; keep it outside the lake' },
    folder: {
      type: 'string',
      value: 'DIR',
      multiple: true,
      help: 'look through this folder as well, e.g. of logs; may be given more than once',
    },
  },
  examples: [
    'assay privacy verify --value-file planted.txt',
    'assay privacy verify --value-file planted.txt --folder /var/log/assay --json',
  ],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const file = args.text('value-file');
    if (file === undefined) throw usageError('--value-file is missing: name a file with one value a line.');
    const text = await guarded(`reading ${file}`, () => readFile(path.resolve(io.cwd, file), 'utf8'));
    const values = valuesOf(text, file);
    const lake = await openLakeOf(args, io);
    const looked = await lookWithBar(placesOf(lake, args, io), values, { args, io });
    if (args.has('json')) io.out(JSON.stringify(looked, null, 2));
    else io.out(lookedText(looked, file));
    return looked.found.length + looked.notRead.length > 0 ? EXIT.data : EXIT.ok;
  },
};

/** Everything of a lake lies in one of these, each in a bucket on AWS. */
const FOLDERS = ['bronze/', 'silver/', 'gold/', 'quarantine/', 'condemned/', 'ops/'] as const;

/** The files of a lake in a folder; the objects of one on AWS. */
async function* placesOf(lake: CommandLake, args: Args, io: Io): AsyncGenerator<LookedAt> {
  const { root, athena, effects } = lake;
  if (athena === undefined) yield* everyFile(root, shownPath(root, io));
  else
    for (const folder of FOLDERS)
      for (const { key, sizeBytes } of await effects.objects.list(folder))
        yield { name: key, sizeBytes, read: (range) => effects.data.stream(key, range) };
  for (const folder of args.texts('folder')) yield* everyFile(path.resolve(io.cwd, folder), folder);
}

async function lookWithBar(
  files: AsyncIterable<LookedAt>,
  values: readonly string[],
  { args, io }: { readonly args: Args; readonly io: Io },
): Promise<LookedThrough> {
  // Files are counted before they are read only where somebody sees the bar.
  const isSeen = io.isTerminal.err && !args.has('json');
  const all: LookedAt[] = [];
  if (isSeen) for await (const file of files) all.push(file);
  const totalBytes = all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const bar = progressBar(io, isSeen, 'counting …');
  let doneBytes = 0;
  try {
    return await lookThrough(isSeen ? eachOf(all) : files, values, ({ sizeBytes }) => {
      doneBytes += sizeBytes;
      bar.advance({ stage: 'looking', runId: 'verify', doneBytes, totalBytes });
    });
  } finally {
    bar.stop();
  }
}

async function* eachOf(files: readonly LookedAt[]): AsyncGenerator<LookedAt> {
  yield* files;
}

function lookedText(
  { values, files, bytes, unpackedBytes, found, notRead }: LookedThrough,
  file: string,
): string {
  const unpacked = unpackedBytes > 0 ? `, and ${size(unpackedBytes)} unpacked` : '';
  const what = `${plural(values, 'value')} of ${file} in ${plural(files, 'file')} (${size(bytes)}${unpacked})`;
  const lines = [
    printable(found.length === 0 ? `Nowhere: ${what}.` : `Found: looked for ${what}.`),
    ...(found.length === 0 ? [] : [foundTable(found)]),
    ...(notRead.length === 0
      ? []
      : [
          'Not looked through:',
          ...notRead.map((one) => printable(`  ${[one.file, ...one.inside].join(' › ')}: ${one.why}`)),
        ]),
  ];
  return lines.join('\n');
}

function foundTable(found: LookedThrough['found']): string {
  const right = { align: 'right' as const };
  const columns = [
    { name: 'value', ...right },
    { name: 'written as' },
    { name: 'times', ...right },
    { name: 'at byte', ...right },
    { name: 'in' },
  ];
  const rows = found.map(({ file, inside, value, as, times, offset }) => [
    `no. ${value}`,
    as,
    count(times),
    count(offset),
    [file, ...inside].join(' › '),
  ]);
  return table(columns, rows, { maxCell: 160 });
}
