import { RULES_VERSION } from '../../etl/timezones/rules.ts';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

/** A local time in a zone, and what Python's zoneinfo makes of it; see instants.py. */
export interface ZoneCase {
  readonly zone: string;
  readonly local: string;
  readonly kind: 'plain' | 'gap' | 'fold';
  /** The instants that may be meant. */
  readonly earlier: string;
  readonly later: string;
}

/** Reads what instants.py wrote. Throws where Python has other rules than Assay: then both can't be compared. */
export function readZoneCases(text: string): ZoneCase[] {
  const [release, , ...lines] = text.trim().split('\n');
  if (release !== `# IANA ${RULES_VERSION}`)
    throw new Error(
      `Assay has the rules of ${RULES_VERSION}, Python those of ${release}: install that release of tzdata, and run test/timezones/instants.py.`,
    );
  return lines.map((line) => {
    const [zone = '', local = '', kind = '', ...ahead] = line.split(',');
    const [earlier = '', later = ''] = ahead.map((seconds) => instantOf(local, Number(seconds)));
    return { zone, local, kind: kind as ZoneCase['kind'], earlier, later };
  });
}

function instantOf(local: string, secondsAhead: number): string {
  return new Date(Date.parse(`${local}Z`) - secondsAhead * 1000).toISOString().replace('Z', '000Z');
}

const time = (name: string, choice: 'reject' | 'earlier' | 'later') => ({
  name,
  type: 'timestamp',
  assay: { timezone: { column: 'zone', gap: choice, fold: choice } },
});
const contract = (dataset: string, times: readonly ReturnType<typeof time>[]): string =>
  contractText({
    dataset,
    partitionColumn: 'arrived_at',
    columns: [{ name: 'id', type: 'integer', key: true }, { name: 'zone' }, ...times],
    assay: { limits: NO_LIMITS },
  });
const CONTRACTS = [
  contract('test.choosing', [time('earlier', 'earlier'), time('later', 'later')]),
  contract('test.strict', [time('local', 'reject')]),
];
const RULES = { gap: 'local_time_skipped', fold: 'local_time_repeated' } as const;

/** The cases that a lake reads otherwise than Python, each with what the lake made of it. */
export async function wrongCases(cases: readonly ZoneCase[]): Promise<unknown[]> {
  const lake = await testLake({ contracts: CONTRACTS });
  try {
    const lines = (fields: (one: ZoneCase) => string): string =>
      cases.map((one, n) => `${n},${one.zone},${fields(one)}`).join('\n');
    await lake.dropAndRun({
      'a.csv': `id,zone,earlier,later\n${lines(({ local }) => `${local},${local}`)}\n`,
    });
    await lake.dropAndRun({ 'a.csv': `id,zone,local\n${lines(({ local }) => local)}\n` }, 'test.strict');
    const found = await timesIn(lake);
    return cases.flatMap((one, n) => {
      const strict = one.kind === 'plain' ? one.earlier : RULES[one.kind];
      const [wanted, got] = [[one.earlier, one.later, strict].join(' '), found.get(n)];
      return wanted === got ? [] : [{ ...one, wanted, got }];
    });
  } finally {
    await lake.dispose();
  }
}

/** By record: the earlier instant, the later one, and the only one or why there is none. */
async function timesIn(lake: TestLake): Promise<Map<number, string>> {
  const strict = new Map<number, string>();
  for (const row of await lake.rows('silver', 'test.strict')) strict.set(Number(row.id), String(row.local));
  for (const row of await lake.rows('quarantine', 'test.strict')) {
    const reasons = (row.reasons as { rule: string }[]).map(({ rule }) => rule);
    strict.set(Number(row.source_row_number) - 1, reasons.join());
  }
  const choosing = await lake.rows('silver');
  return new Map(
    choosing.map(({ id, earlier, later }) => [
      Number(id),
      [earlier, later, strict.get(Number(id))].join(' '),
    ]),
  );
}
