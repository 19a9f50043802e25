import { datasetOfUrn, UNKNOWN_DATASET } from '../../stream/policy/dataset-urn.ts';
import type { Incident } from '../../stream/signals/incident.ts';
import { closedIncidents, openIncidents } from '../../stream/signals/incident-book.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { urnOf } from '../policies.ts';
import { time } from '../print/format.ts';
import { table } from '../print/table.ts';
import { usageError } from '../usage-error.ts';

/** How many that are over are listed unless said. */
const LIMIT = 20;

/** `assay incidents list`: what is wrong with events, and what was. */
export const incidentsList: Command = {
  name: 'incidents list',
  usage: '[--dataset D] [--all] [--limit N] [--lake DIR]',
  description: `Lists the incidents of event datasets and topics that are open, newest first: contracts that break, events that don't come,
enforcers that are late. Enforcers find them in evidence and by the policies, tell of them, and close them. With --all, those
that are over as well.`,
  options: {
    dataset: { type: 'string', value: 'D', help: 'only of this dataset; unknown for events of no known one' },
    all: { type: 'boolean', help: 'those that are over, too' },
    limit: { type: 'string', value: 'N', help: `how many that are over are looked at (default: ${LIMIT})` },
  },
  examples: ['assay incidents list', 'assay incidents list --dataset orders.created --all --json'],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const limit = args.text('limit') ?? String(LIMIT);
    if (!/^[1-9]\d{0,5}$/.test(limit)) throw usageError(`--limit is '${limit}': write a whole number.`);
    const dataset = args.text('dataset');
    const urn = dataset === undefined ? undefined : dataset === 'unknown' ? UNKNOWN_DATASET : urnOf(dataset);
    const { effects } = await openLakeOf(args, io);
    const open = await openIncidents(effects.objects);
    const over = args.has('all') ? await closedIncidents(effects.objects, { limit: Number(limit) }) : [];
    const incidents = [...open, ...over].filter((one) => urn === undefined || one.dataset_urn === urn);
    const [first] = incidents;
    if (args.has('json')) io.out(JSON.stringify(incidents, null, 2));
    else if (first === undefined) io.out(args.has('all') ? 'There was no incident.' : 'No incident is open.');
    else {
      io.out(listText(incidents));
      io.out(`\nNext: ${nextCommand(args, io, `incidents show ${first.id}`)}`);
    }
    return EXIT.ok;
  },
};

function listText(incidents: readonly Incident[]): string {
  const names = [
    'incident',
    'state',
    'severity',
    'kind',
    'about',
    'opened (UTC)',
    'first bad offset',
    'reason',
  ];
  return table(
    names.map((name) => ({ name })),
    incidents.map(({ id, state, severity, kind, dataset_urn, topic, opened_at, cause }) => [
      ...[id, state, severity, kind, aboutText(dataset_urn, topic), time(opened_at)],
      cause === null || cause.first_bad === null
        ? '–'
        : `${cause.first_bad.partition}:${cause.first_bad.offset}`,
      cause?.reason ?? '–',
    ]),
  );
}

const aboutText = (urn: string | null, topic: string | null): string =>
  urn === null ? `topic ${topic}` : urn === UNKNOWN_DATASET ? '(unknown)' : datasetOfUrn(urn);
