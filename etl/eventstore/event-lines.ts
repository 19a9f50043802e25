import type { RunRecord } from '../stages/outcomes.ts';

/** What people should know of the streams of events that a run brought events of; nothing of other datasets. */
export function eventLines(events: RunRecord['events']): string[] {
  const { gaveWay, gaps } = events ?? {};
  return [
    ...(gaveWay === undefined
      ? []
      : [
          `${count(gaveWay)} that ${gaveWay === 1 ? 'was' : 'were'} in Silver gave way to others with the same version and a smaller id`,
        ]),
    ...(gaps === undefined ? [] : [gapsText(gaps)]),
  ];
}

type Gaps = NonNullable<NonNullable<RunRecord['events']>['gaps']>;

function gapsText({ streams, missing, examples }: Gaps): string {
  const named = examples.map(
    (one) => `${one.stream} (${count(one.missing)}, from version ${one.firstMissing})`,
  );
  const said = `${count(missing)} missing in ${count(streams)} ${streams === 1 ? 'stream' : 'streams'}`;
  if (named.length === 0) return said;
  return `${said}: ${named.join(', ')}${streams > named.length ? ', …' : ''}`;
}

const count = (value: number): string => value.toLocaleString('en-US');
