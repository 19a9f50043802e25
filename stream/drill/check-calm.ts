import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { type Engine, integerOf, readParquet } from '../../etl/engine/engine.ts';
import { APART_PREFIX } from '../../etl/naming/streams.ts';
import type { Effects } from '../../etl/ports.ts';
import { filesOf, openTable } from '../../etl/table/lake-table.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { findEvidence } from '../evidence/find-evidence.ts';
import { STREAM_DRILL_DATASET } from './drill-contract.ts';
import { isGood } from './drill-events.ts';
import type { DrillTopic } from './drill-topic.ts';

/** What a drill has when all is calm. */
export interface Calm {
  readonly effects: Effects;
  readonly engine: Engine;
  readonly topic: DrillTopic;
  readonly told: readonly Evidence[];
  readonly sent: readonly string[];
}

/** Whether an event failed for a registry that was gone, and for nothing of its own. */
const failedForService = ({ result, reason_codes: reasons }: Evidence['validation']): boolean =>
  result === 'FAIL' && reasons.every((reason) => reason === 'SCHEMA_REGISTRY_UNAVAILABLE');

/** What should not be: every committed record has its evidence, is in Bronze once, and in Silver once exactly where it passed. */
export async function checkCalm(calm: Calm): Promise<string[]> {
  const { effects, topic, told } = calm;
  const committed = topic.events.map(({ partition, event }) => `${partition}:${event.offset}`);
  const kept = (await findEvidence(effects.objects, {}, { limit: committed.length * 4 + 100 })).evidence;
  const stands = new Map(kept.map((one) => [placeOf(one), one]));
  const passed = [...stands]
    .filter(([, { validation }]) => validation.result === 'PASS')
    .map(([place]) => place);
  const silver = await silverPlaces(calm);
  return [
    ...compare('kept as evidence', kept.map(placeOf), committed),
    ...compare('told as evidence', [...new Set(told.map(placeOf))], committed),
    // A repeat may differ, and the first counts.
    ...firstTold(told).flatMap((one) => {
      const stand = stands.get(placeOf(one));
      const isSame =
        stand?.evidence_id === one.evidence_id && stand.validation.result === one.validation.result;
      return isSame
        ? []
        : [`${placeOf(one)} was told as ${one.validation.result}, and another evidence stands`];
    }),
    ...compare('in Bronze', await bronzePlaces(effects), committed),
    ...compare('in Silver', silver, passed),
    ...sentWrongly(calm, new Set(passed)),
    ...misjudged(topic, stands),
    ...(await auditDataset(effects, { dataset: STREAM_DRILL_DATASET })).problems.map(
      ({ code, key, problem }) => `audit: ${code} ${key}: ${problem}`,
    ),
  ];
}

const firstTold = (told: readonly Evidence[]): readonly Evidence[] => [
  ...new Map(told.toReversed().map((one) => [one.evidence_id, one])).values(),
];

const placeOf = ({ source }: Evidence): string => `${source.partition}:${source.offset}`;

/** How two lists of places differ, each place once. */
function compare(what: string, found: readonly string[], wanted: readonly string[]): string[] {
  const [has, should] = [new Set(found), new Set(wanted)];
  const twice = found.filter((place, n) => found.indexOf(place) !== n);
  return [
    ...twice.map((place) => `${place} is ${what} twice`),
    ...[...should].filter((place) => !has.has(place)).map((place) => `${place} is not ${what}`),
    ...[...has]
      .filter((place) => !should.has(place))
      .map((place) => `${place} is ${what}, and should not be`),
  ];
}

async function bronzePlaces({ objects }: Effects): Promise<string[]> {
  const places: string[] = [];
  for (const prefix of ['bronze/', APART_PREFIX])
    for (const { key } of await objects.list(prefix)) {
      const body = (await objects.get(key))?.body ?? new Uint8Array();
      for (const line of new TextDecoder().decode(body).split('\n').filter(Boolean)) {
        // Whatever stands in the value, the place is before it.
        const [, partition, offset] = /"partition":(\d+),"offset":(\d+),/.exec(line) ?? [];
        places.push(`${partition}:${offset}`);
      }
    }
  return places;
}

async function silverPlaces({ effects, engine }: Calm): Promise<string[]> {
  const { objects, data } = effects;
  const state = (await readPointer(objects, 'silver', STREAM_DRILL_DATASET))?.pointer.tables.silver;
  if (state === undefined) return [];
  const files = await filesOf(await openTable(objects, state));
  if (files.length === 0) return [];
  const paths = await Promise.all(files.map(({ key }) => data.localPath(key)));
  const rows = await engine.rows(`SELECT event_partition AS p, event_offset AS o FROM ${readParquet(paths)}`);
  return rows.map((row) => `${integerOf(row, 'p')}:${integerOf(row, 'o')}`);
}

/** What was sent on must have passed; what passed by a policy that was known must have been sent on, once or more. */
function sentWrongly({ sent, told }: Calm, passed: ReadonlySet<string>): string[] {
  const wanted = told.filter(
    ({ validation, policy }) =>
      validation.result === 'PASS' && policy.enforcement_mode === 'REPUBLISH_PASS_ONLY',
  );
  const has = new Set(sent);
  return [
    ...sent.filter((place) => !passed.has(place)).map((place) => `${place} was sent on, and did not pass`),
    ...wanted
      .map(placeOf)
      .filter((place) => !has.has(place))
      .map((place) => `${place} passed and was not sent on`),
  ];
}

/** Events that were made to fail must have failed, and good ones have passed unless a service was gone. */
function misjudged(topic: DrillTopic, stands: ReadonlyMap<string, Evidence>): string[] {
  return topic.events.flatMap(({ partition, event, kind }) => {
    const place = `${partition}:${event.offset}`;
    const stand = stands.get(place);
    if (stand === undefined || (stand.validation.result === 'PASS') === isGood(kind)) return [];
    if (failedForService(stand.validation)) return [];
    const { result, reason_codes: reasons } = stand.validation;
    return [`${place}, ${kind}, is ${result} (${reasons.join(', ')})`];
  });
}
