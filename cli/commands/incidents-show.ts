import { ConfigError } from '../../etl/errors.ts';
import { INCIDENT_KINDS, type Incident } from '../../stream/signals/incident.ts';
import { findIncident } from '../../stream/signals/incident-book.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommand } from '../locations.ts';
import { openLakeOf } from '../open-lake.ts';
import { printable } from '../print/printable.ts';
import { table } from '../print/table.ts';
import { usageError } from '../usage-error.ts';

/** `assay incidents show`: everything that is known of an incident. */
export const incidentsShow: Command = {
  name: 'incidents show',
  usage: 'INCIDENT [--lake DIR]',
  description: `Everything that is known of an incident: what was measured against which limit, since when, whose it is, and its cause as it was
found by counting: the first event that failed, the gate and the reason that most have, what changed with it, and samples.`,
  options: {},
  examples: ['assay incidents show inc-20260113T120109000Z-3f2a9c0d1b7e4a55'],
  positionals: { min: 1, max: 1, name: 'INCIDENT' },
  async run(args, io) {
    const id = args.positionals[0] ?? '';
    if (!/^inc-\d{8}T\d{9}Z-[0-9a-f]{16}$/.test(id))
      throw usageError(`'${id}' is no incident: 'assay incidents list --all' has their ids.`);
    const { effects } = await openLakeOf(args, io);
    const incident = await findIncident(effects.objects, id);
    if (incident === undefined)
      throw new ConfigError(
        'NO_INCIDENT',
        `There is no incident ${id}: 'assay incidents list --all' lists what there is.`,
      );
    if (args.has('json')) {
      io.out(JSON.stringify(incident, null, 2));
      return EXIT.ok;
    }
    io.out(incidentText(incident));
    const [sample] = incident.cause?.samples ?? [];
    if (sample !== undefined)
      io.out(`\nNext: ${nextCommand(args, io, `evidence show ${sample.evidence_id}`)}`);
    return EXIT.ok;
  },
};

function incidentText(incident: Incident): string {
  const { kind, severity, state, dataset_urn, topic, tier, owners, title, measured, cause } = incident;
  const rows = [
    ['what', `${kind}: ${INCIDENT_KINDS[kind]}`],
    ['found', title],
    ['severity', severity],
    ['state', state],
    ['about', dataset_urn ?? `topic ${topic}`],
    ['tier', tier ?? '–'],
    ['owners', owners.length === 0 ? '–' : owners.join(', ')],
    ['measured', measuredText(measured)],
    ['opened', incident.opened_at],
    ['last seen', incident.last_seen_at],
    [
      'closed',
      incident.closed_at ?? (incident.quiet_since === null ? '–' : `well since ${incident.quiet_since}`),
    ],
    ...(cause === null ? [] : causeRows(cause)),
  ];
  const samples = (cause?.samples ?? []).map((one) => [
    ...[one.evidence_id, one.topic, `${one.partition}:${one.offset}`, one.at, one.producer_id],
    one.reason_codes.join(', '),
  ]);
  const facts = table([{ name: '' }, { name: '' }], rows, { maxCell: 200 });
  const names = ['evidence', 'topic', 'offset', 'at', 'producer', 'reasons'];
  const listed =
    samples.length === 0
      ? ''
      : `\n\n${table(
          names.map((name) => ({ name })),
          samples,
        )}`;
  return `${printable(incident.id)}\n\n${facts}${listed}`;
}

/** Shares as percents, all else to one digit: `25.0 %; the limit is 23.9 %`, `1 event; the limit is 0`. */
function measuredText({ value, limit, unit }: Incident['measured']): string {
  if (unit === 'ratio') return `${percent(value)}; the limit is ${percent(limit)}`;
  const word = unit === 'events' && value === 1 ? 'event' : unit;
  return `${Number(value.toFixed(1))} ${word}; the limit is ${Number(limit.toFixed(1))}`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const causeRows = ({
  text,
  gate,
  reason,
  events,
  failed,
  producer_id,
}: NonNullable<Incident['cause']>): string[][] => [
  ['cause', text],
  ['dominant gate', gate ?? '–'],
  ['dominant reason', reason ?? '–'],
  ['events', `${failed} of ${events} failed`],
  ['producer', producer_id ?? (reason === 'PRODUCER_MISMATCH' ? 'contradicted' : 'several')],
];
