import { datasetOfUrn, UNKNOWN_DATASET } from '../../stream/policy/dataset-urn.ts';
import { count, plural } from '../print/format.ts';
import { table } from '../print/table.ts';
import type { Tally } from './tally.ts';

const RIGHT = { align: 'right' } as const;

/** What was enforced, for people: events by dataset, then by gate, reason and warning. */
export function summaryText(tally: Tally): string {
  const { events, topics, landing } = tally;
  if (events === 0) return 'No event came.';
  const parts = [
    table(
      [
        { name: 'topic' },
        { name: 'dataset' },
        { name: 'events', ...RIGHT },
        { name: 'passed', ...RIGHT },
        { name: 'failed', ...RIGHT },
      ],
      topics.map(({ topic, datasetUrn, events: all, failed }) => [
        topic,
        datasetUrn === UNKNOWN_DATASET ? '(unknown)' : datasetOfUrn(datasetUrn),
        count(all),
        count(all - failed),
        count(failed),
      ]),
    ),
    countsTable('failed at gate', tally.gates),
    countsTable('reason', tally.reasons),
    countsTable('warning', tally.warnings),
    landedText(landing),
  ];
  if (tally.heldBackEvents > 0)
    parts.push(
      `${plural(tally.heldBackEvents, 'event')} passed and would be sent on (REPUBLISH_PASS_ONLY); without a broker there is nowhere to send them.`,
    );
  return parts.filter((part) => part !== '').join('\n\n');
}

const countsTable = (name: string, counts: readonly (readonly [string, number])[]): string =>
  counts.length === 0
    ? ''
    : table(
        [{ name }, { name: 'events', ...RIGHT }],
        counts.map(([one, events]) => [one, count(events)]),
        { maxCell: 100 },
      );

function landedText({ events, files, repeated, apart }: Tally['landing']): string {
  const parts = [
    events === 0 ? '' : `${plural(events, 'event')} landed in ${plural(files, 'file')}`,
    repeated === 0 ? '' : `${plural(repeated, 'event')} had landed before`,
  ].filter((part) => part !== '');
  const aside = apart === 0 ? '' : ` ${plural(apart, 'event')} of them lie apart: no contract takes them.`;
  return parts.length === 0 ? '' : `${parts.join('; ')}.${aside}`;
}

/** The same as JSON. */
export function summaryJson(tally: Tally) {
  const { events, failed, topics, landing, heldBackEvents } = tally;
  const counts = (list: readonly (readonly [string, number])[], name: string) =>
    list.map(([one, many]) => ({ [name]: one, events: many }));
  return {
    events,
    passed: events - failed,
    failed,
    datasets: topics.map(({ topic, datasetUrn, events: all, failed: wrong }) => ({
      topic,
      datasetUrn,
      events: all,
      passed: all - wrong,
      failed: wrong,
    })),
    gates: counts(tally.gates, 'gate'),
    reasons: counts(tally.reasons, 'reason'),
    warnings: counts(tally.warnings, 'warning'),
    landed: {
      events: landing.events,
      files: landing.files,
      before: landing.repeated,
      apart: landing.apart,
      apartFiles: landing.apartKeys,
    },
    heldBack: heldBackEvents,
  };
}
