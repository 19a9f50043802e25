import { loadContracts } from '../../etl/contract/load-contracts.ts';
import type { Word } from '../../etl/operations/decide-run.ts';
import { askedSubject } from '../../etl/personal/asked-subject.ts';
import { approveForgetting, refuseForgetting } from '../../etl/personal/forgetting/approve-forgetting.ts';
import {
  askForgetting,
  type ForgettingPreview,
  previewForgetting,
} from '../../etl/personal/forgetting/ask-forgetting.ts';
import type { Certificate } from '../../etl/personal/forgetting/documents.ts';
import { shownRequest } from '../../etl/personal/forgetting/show-requests.ts';
import type { Effects } from '../../etl/ports.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { identity, WORD_OPTIONS, wordOf } from '../identity.ts';
import type { Io } from '../io.ts';
import { nextCommand, quoteArgument } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { certificateText } from '../print/certificate.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { KIND_OPTION, subjectOf } from '../subject.ts';
import { usageError } from '../usage-error.ts';

/** `assay privacy forget`: destroys the keys of a person's values. */
export const privacyForget: Command = {
  name: 'privacy forget',
  usage:
    '[SUBJECT --kind KIND] [--approve REQUEST | --refuse REQUEST] [--reason TEXT] [--by NAME] [--dry-run]',
  description: `Forgets a person: destroys the keys that the values are sealed under, and those of records that couldn't be parsed and have
the id. No table changes, and no figure. Without --reason, or with --dry-run, it only shows what would go.
With a reason it asks; another person approves the request (--approve) or refuses it (--refuse), which who asked may do, too.
'assay privacy settings --persons 1' lets one person be enough. What is done is certified: what went, when, by whom, which
columns still say what they said, and from when on copies of the vault from before are unreadable, too.`,
  options: {
    ...KIND_OPTION,
    approve: { type: 'string', value: 'REQUEST', help: 'approve what somebody else asked for' },
    refuse: { type: 'string', value: 'REQUEST', help: 'refuse what was asked for: nothing goes' },
    'dry-run': { type: 'boolean', help: 'show what would go, and ask for nothing' },
    ...WORD_OPTIONS,
  },
  examples: [
    'assay privacy forget 1042 --kind customer',
    'assay privacy forget 1042 --kind customer --reason "letter of 3 May" --by ann',
    'assay privacy forget --approve 20240501T120003417Z-9b6e0d20 --reason "checked who wrote it" --by bob',
  ],
  positionals: { min: 0, max: 1, name: 'SUBJECT' },
  async run(args, io) {
    const [approved, refused] = [args.text('approve'), args.text('refuse')];
    if (approved !== undefined && refused !== undefined)
      throw usageError('--approve and --refuse can not both be meant.');
    const word = args.text('reason') === undefined ? undefined : wordOf(args, io);
    const isDry =
      args.has('dry-run') || (word === undefined && approved === undefined && refused === undefined);
    const lake = await openLakeOf(args, io, { changes: !isDry });
    if (isDry) show(await previewForgetting(lake.effects, subjectOf(args)), previewText, { args, io });
    else if (refused !== undefined) {
      await requireSame(lake.effects, refused, args);
      show(await refuseForgetting(lake.effects, refused, wordOf(args, io)), refusedText, { args, io });
    } else if (approved !== undefined) {
      await requireSame(lake.effects, approved, args);
      show(await approveForgetting(lake.effects, approved, approvalOf(args, io)), certificateText, {
        args,
        io,
      });
    } else
      show(await askForgetting(lake.effects, subjectOf(args), wordOf(args, io)), askedText, { args, io });
    return EXIT.ok;
  },
};

/** An approval needs no reason of its own: that is the request's. */
const approvalOf = (args: Args, io: Io): Word => ({
  by: identity(args, io),
  reason: args.text('reason')?.trim() || 'approved',
});

/** Who names a subject beside a request must mean the same. */
async function requireSame(effects: Effects, request: string, args: Args): Promise<void> {
  if (args.positionals.length === 0) return;
  const shown = await shownRequest(effects, request);
  if (shown.state !== 'asked') return;
  const { contracts } = await loadContracts(effects.contracts);
  const kind = args.text('kind') ?? shown.kind;
  const { subjects } = askedSubject(contracts.values(), { kind, id: args.positionals[0] ?? '' });
  if (kind === shown.kind && subjects.some(({ id }) => shown.subjects.includes(id))) return;
  throw usageError(`${request} is about somebody else: 'assay privacy requests ${request}' says whom.`);
}

interface Place {
  readonly args: Args;
  readonly io: Io;
}

function show<T>(what: T, text: (what: T, place: Place) => string, place: Place): void {
  place.io.out(place.args.has('json') ? JSON.stringify(what, null, 2) : text(what, place));
}

const refusedText = ({ request, refused }: Awaited<ReturnType<typeof refuseForgetting>>): string =>
  printable(`Request ${request} is refused by ${refused.by}: nothing went.`);

function askedText(asked: Awaited<ReturnType<typeof askForgetting>>, { args, io }: Place): string {
  if (asked.state === 'forgotten') return certificateText(asked as Certificate);
  const approve = nextCommand(args, io, `privacy forget --approve ${asked.request} --reason '…' --by NAME`);
  return [
    printable(
      `Asked, as ${asked.request}: nothing went yet. Somebody else than ${wordOf(args, io).by} approves it with:`,
    ),
    approve,
  ].join('\n');
}

function previewText(preview: ForgettingPreview, { args, io }: Place): string {
  const { kind, groups, datasets, records, persons, forgottenAt } = preview;
  const next = nextCommand(
    args,
    io,
    `privacy forget ${quoteArgument(subjectOf(args).id)} --kind ${kind} --reason '…'`,
  );
  return [
    ...(forgottenAt === null ? [] : [printable(`This ${kind} was forgotten before, at ${forgottenAt}.`)]),
    groups.length === 0
      ? `The vault has no keys of this ${kind}.`
      : printable(
          `Would destroy the keys of this ${kind} for the data ${groups.length === 1 ? 'group' : 'groups'} ${groups.join(', ')}.`,
        ),
    ...datasets.map(({ dataset, columns, clearColumns }) =>
      printable(
        `  ${dataset}: readable no more: ${columns.join(', ') || 'nothing'}; still there as it is: ${clearColumns.join(', ') || 'nothing'}`,
      ),
    ),
    ...(records.length === 0
      ? []
      : [
          `And ${plural(records.length, 'record')} that couldn't be parsed and ${records.length === 1 ? 'has' : 'have'} this id:`,
        ]),
    ...records.map(({ dataset, layer, sourceFile, sourceRowNumber }) =>
      printable(`  ${dataset}, ${layer}: record ${sourceRowNumber ?? '?'} of ${sourceFile}`),
    ),
    'No count, sum or figure changes. Nothing was done.',
    `Next      ${next}${persons === 2 ? ' (asks; another person approves)' : ''}`,
  ].join('\n');
}
