import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { guarded } from '../../adapters/local/file-errors.ts';
import { zipOf } from '../../etl/answers/zip.ts';
import { accessPerson, type PersonData } from '../../etl/personal/access/access-person.ts';
import { accessMembers } from '../../etl/personal/access/access-zip.ts';
import { newRunId } from '../../etl/stages/run-id.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { identity, WORD_OPTIONS } from '../identity.ts';
import { shownPath } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { KIND_OPTION, subjectOf } from '../subject.ts';
import { usageError } from '../usage-error.ts';

/** `assay privacy access`: everything about a person. */
export const privacyAccess: Command = {
  name: 'privacy access',
  usage: 'SUBJECT --kind KIND [--out FILE.zip] [--reason TEXT] [--by NAME] [--lake DIR]',
  description: `Collects everything that is stored about a person, in the clear as far as it can be read: from Silver, quarantine and
condemned, from what people corrected, from files that no run judged, and from records that couldn't be parsed and have the id; each with the file,
the record's number and the run that it comes from. Values of other people in these records stay sealed. It is written to one
zip, as JSON and as CSV, that only its owner can read. That it was given out is kept in ops.decisions and ops.reveals.`,
  options: {
    ...KIND_OPTION,
    out: {
      type: 'string',
      value: 'FILE',
      help: 'the zip to write (default: access-<moment>.zip in this folder)',
    },
    ...WORD_OPTIONS,
    reason: { ...WORD_OPTIONS.reason, help: "why; it is kept for good (default: 'a request for access')" },
  },
  examples: [
    'assay privacy access 1042 --kind customer',
    'assay privacy access 1042 --kind customer --out ann.zip --reason "letter of 3 May" --json',
  ],
  positionals: { min: 0, max: 1, name: 'SUBJECT' },
  async run(args, io) {
    const subject = subjectOf(args);
    const word = { by: identity(args, io), reason: args.text('reason')?.trim() || 'a request for access' };
    const lake = await openLakeOf(args, io, { changes: true });
    const out = path.resolve(io.cwd, args.text('out') ?? `access-${newRunId(lake.effects.clock.now())}.zip`);
    if (!path.relative(lake.root, out).startsWith('..'))
      throw usageError(`--out ${out} lies in the lake, where only runs write: name a file elsewhere.`);
    const shown = shownPath(out, io);
    const data = await writeNew(out, shown, () => accessPerson(lake.effects, subject, word));
    const summary = summaryOf(data, out);
    io.out(args.has('json') ? JSON.stringify(summary, null, 2) : summaryText(summary, shown));
    return EXIT.ok;
  },
};

/** Writes a file for its owner's eyes alone; never over another, and leaves none where there is nothing to write. */
async function writeNew(file: string, shown: string, read: () => Promise<PersonData>): Promise<PersonData> {
  const handle = await guarded(`writing ${shown}`, () => open(file, 'wx', 0o600));
  let isWritten = false;
  try {
    const data = await read();
    for await (const bytes of zipOf(accessMembers(data))) await handle.write(bytes);
    isWritten = true;
    return data;
  } finally {
    await handle.close();
    if (!isWritten) await rm(file);
  }
}

function summaryOf({ kind, records, forgottenAt }: PersonData, file: string) {
  const counts = new Map<string, { dataset: string; layer: string; records: number }>();
  for (const { dataset, layer } of records) {
    const name = `${dataset} ${layer}`;
    counts.set(name, { dataset, layer, records: (counts.get(name)?.records ?? 0) + 1 });
  }
  return { file, kind, records: records.length, found: [...counts.values()], forgottenAt };
}

function summaryText(
  { kind, records, found, forgottenAt }: ReturnType<typeof summaryOf>,
  file: string,
): string {
  return [
    `Wrote ${file}: ${plural(records, 'record')} about this ${kind}, as JSON and CSV.`,
    ...found.map((one) => `  ${one.dataset}, ${one.layer}: ${plural(one.records, 'record')}`),
    ...(forgottenAt === null
      ? []
      : [`This ${kind} was forgotten at ${forgottenAt}: what is older can't be read.`]),
  ]
    .map(printable)
    .join('\n');
}
