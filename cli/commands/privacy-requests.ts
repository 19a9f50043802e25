import {
  type ShownRequest,
  shownRequest,
  shownRequests,
} from '../../etl/personal/forgetting/show-requests.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLakeOf } from '../open-lake.ts';
import { certificateText } from '../print/certificate.ts';
import { time } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { table } from '../print/table.ts';

/** `assay privacy requests`: what was asked to be forgotten, and what became of it. */
export const privacyRequests: Command = {
  name: 'privacy requests',
  usage: '[REQUEST] [--lake DIR]',
  description: `Lists the requests to forget somebody, oldest first: those that wait, those that were refused, and those that are done. Of one
that waits it tells whom it is about; of one that is done it has the certificate, and nobody can tell any more.`,
  options: {},
  examples: ['assay privacy requests', 'assay privacy requests 20240501T120003417Z-9b6e0d20 --json'],
  positionals: { min: 0, max: 1, name: 'REQUEST' },
  async run(args, io) {
    const { effects } = await openLakeOf(args, io);
    const [id] = args.positionals;
    if (id !== undefined) {
      const shown = await shownRequest(effects, id);
      io.out(args.has('json') ? JSON.stringify(shown, null, 2) : oneText(shown));
      return EXIT.ok;
    }
    const all = await shownRequests(effects);
    if (args.has('json')) io.out(JSON.stringify(all, null, 2));
    else
      io.out(
        all.length === 0
          ? "Nobody asked for anybody to be forgotten: 'assay privacy forget' does."
          : listText(all),
      );
    return EXIT.ok;
  },
};

function listText(all: readonly ShownRequest[]): string {
  const columns = ['request', 'state', 'kind', 'subject', 'asked by', 'at', 'ended by', 'reason'].map(
    (name) => ({ name }),
  );
  const rows = all.map((one) => [
    one.request,
    one.state,
    one.kind,
    one.state === 'asked' ? one.subjects.join(', ') || 'forgotten already' : '',
    one.asked.by,
    time(one.asked.at),
    endedBy(one),
    one.asked.reason,
  ]);
  return table(columns, rows);
}

const endedBy = (one: ShownRequest): string =>
  one.state === 'forgotten' ? one.approved.by : one.state === 'refused' ? one.refused.by : '';

function oneText(one: ShownRequest): string {
  if (one.state === 'forgotten') return certificateText(one);
  const { request, kind, asked } = one;
  const head = `${request}: ${asked.by} asked at ${time(asked.at)} UTC to forget a ${kind}: ${asked.reason}`;
  const end =
    one.state === 'refused'
      ? `Refused by ${one.refused.by} at ${time(one.refused.at)} UTC: ${one.refused.reason}`
      : `It is ${one.subjects.join(', ') || 'somebody who was forgotten already'}, and waits for somebody else than ${asked.by} to approve it.`;
  return [head, end].map(printable).join('\n');
}
