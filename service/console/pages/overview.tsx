import type { Child } from 'hono/jsx';
import type { Contract } from '../../../etl/contract/contract.ts';
import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import type { Ailment } from '../../../etl/operations/ailment.ts';
import type { RecordCounts } from '../../../etl/quarantine/kept-records.ts';
import type { RunRecord } from '../../../etl/stages/outcomes.ts';
import { isAllowed } from '../../identity/identity.ts';
import { datasetAt, quarantineOf, runAt } from '../addresses.ts';
import type { DatasetState } from '../board.ts';
import type { Page, PageRequest } from '../page.ts';
import { Bars } from '../parts/bars.tsx';
import { Empty, Table } from '../parts/facts.tsx';
import { NextStep } from '../parts/next-step.tsx';
import { promised } from '../parts/promised.ts';
import { StartRun } from '../parts/start-run.tsx';
import { RunStatus, Status } from '../parts/status.tsx';
import { count, plural, Said, share, Time } from '../parts/text.tsx';
import { UnderWay } from '../parts/under-way.tsx';
import { byDay, DAYS } from '../recent-runs.ts';
import { followedAll } from './run-under-way.tsx';

/** How the lake stands, and what waits for somebody. */
export const overview: Page = {
  path: '/',
  permission: 'catalogue.read',
  async render(request) {
    const seesRuns = isAllowed(request.identity, 'runs.read', request.service);
    const { contracts } = await loadContracts(request.service.lake.effects.contracts);
    const all = [...contracts.values()];
    const [{ states: lines, missing }, underWay] = await Promise.all([
      request.board.states(all),
      seesRuns ? request.service.runs.now() : [],
    ]);
    // Records are counted when that takes no time from the first look.
    const counted = await countsOf(request, missing > 0 ? [] : all);
    const isCounting =
      counted !== undefined && all.some((one) => one.layer === 'silver' && !counted.has(one.dataset));
    return {
      title: 'Overview',
      ...(seesRuns ? followedAll(underWay) : {}),
      ...(missing > 0 || isCounting ? { refreshSeconds: missing > 0 ? 1 : 2 } : {}),
      body: (
        <>
          <h1>
            {missing > 0
              ? `${plural(missing, 'dataset')} ${missing === 1 ? 'is' : 'are'} still looked at …`
              : headline(lines)}
          </h1>
          <UnderWay runs={underWay} />
          <NeedsYou lines={lines} request={request} />
          <h2>Datasets</h2>
          {lines.length > 0 && <StartRun request={request} />}
          <HowToBegin lines={lines} />
          <Datasets lines={lines} counted={counted} now={request.service.lake.effects.clock.now()} />
          <LookedAt lines={lines} />
        </>
      ),
    };
  },
};

/** How long the page waits for records that are counted anew, as after a run. */
const PATIENCE_MS = 150;

/** The records that failed, of datasets of which that is known; undefined for who may not see them. */
async function countsOf(
  { identity, service }: PageRequest,
  contracts: readonly Contract[],
): Promise<ReadonlyMap<string, RecordCounts> | undefined> {
  if (!isAllowed(identity, 'quarantine.read', service)) return undefined;
  const sources = contracts.filter(({ layer }) => layer === 'silver');
  return await service.records.counts(
    sources.map(({ dataset }) => dataset),
    PATIENCE_MS,
  );
}

/** When it was looked at: each dataset at a time of its own. */
function LookedAt({ lines }: { readonly lines: readonly DatasetState[] }) {
  const times = lines.map(({ lookedAt }) => lookedAt.toISOString().slice(11, 19)).sort();
  const [oldest, newest] = [times[0], times.at(-1)];
  if (oldest === undefined) return null;
  const when = oldest === newest ? `at ${oldest}` : `from ${oldest} to ${newest}`;
  return <p class="soft">As it was {when} UTC; open it again for what happened since.</p>;
}

/** Problems of late, missing or bad data. */
const STALE: ReadonlySet<Ailment['code']> = new Set([
  'SILENT',
  'LATE',
  'GOLD_BEHIND',
  'PROJECTION_BEHIND',
  'POINTER',
]);

const has = ({ health }: DatasetState, codes: ReadonlySet<Ailment['code']>): boolean =>
  health.ailments.some(({ code }) => codes.has(code));

/** The state of all in a sentence. */
function headline(lines: readonly DatasetState[]): string {
  if (lines.length === 0) return 'There is no dataset yet.';
  const published = lines.filter(({ health }) => health.publishedAt !== null);
  if (published.length === 0) return 'Nothing is published yet.';
  const fresh = published.filter((line) => !has(line, STALE)).length;
  const waiting = lines.flatMap(({ health }) => health.ailments).length;
  const rest =
    waiting === 0
      ? 'nothing waits for you'
      : `${plural(waiting, 'thing')} ${waiting === 1 ? 'waits' : 'wait'} for you`;
  return `${fresh} of ${plural(lines.length, 'dataset')} ${fresh === 1 ? 'is' : 'are'} fresh; ${rest}.`;
}

function NeedsYou({
  lines,
  request,
}: {
  readonly lines: readonly DatasetState[];
  readonly request: PageRequest;
}) {
  const all = lines.flatMap(({ health }) =>
    health.ailments.map((ailment) => ({ dataset: health.dataset, ailment })),
  );
  if (all.length === 0) return null;
  return (
    <section class="needs" aria-labelledby="needs">
      <h2 id="needs">Needs you</h2>
      <ul>
        {all.map(({ dataset, ailment }) => (
          <li>
            <a href={datasetAt(dataset)}>{dataset}</a>: <Said text={ailment.what} />.{' '}
            <NextStep ailment={ailment} request={request} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What brings data into a lake in which nothing was ever published. */
function HowToBegin({ lines }: { readonly lines: readonly DatasetState[] }) {
  const isBegun = lines.some(({ health }) => health.publishedAt !== null);
  const first = lines.find(({ contract }) => contract.layer === 'silver')?.contract.dataset;
  if (isBegun || first === undefined) return null;
  return (
    <Empty>
      Data comes with source files: bring them on the page of their dataset, such as{' '}
      <a href={datasetAt(first)}>{first}</a>, or by <code>assay ingest FILE… --dataset {first}</code>, and run
      it. What passes its checks is published then, and shown here.
    </Empty>
  );
}

interface Counted {
  readonly lines: readonly DatasetState[];
  readonly counted: ReadonlyMap<string, RecordCounts> | undefined;
  readonly now: Date;
}

function Datasets({ lines, counted, now }: Counted) {
  if (lines.length === 0)
    return (
      <Empty>
        Each dataset has a contract: <code>assay new dataset FILE</code> makes one of a file, and it is shown
        here.
      </Empty>
    );
  return (
    <Table
      caption="Datasets"
      columns={[
        ...[
          'dataset',
          'state',
          'published',
          'promised',
          'last run',
          'records, 30 days',
          'quarantined, 30 days',
          'last#',
        ],
        ...(counted === undefined ? [] : ['open#', 'condemned#']),
      ]}
      rows={lines.map((line) => {
        const { contract, health } = line;
        const [last] = line.runs;
        const days = byDay(line.runs, now);
        return [
          <a href={datasetAt(contract.dataset)}>{contract.dataset}</a>,
          <Freshness line={line} />,
          <Time at={health.publishedAt} />,
          promised(contract),
          last === undefined ? (
            <span class="soft">{contract.layer === 'silver' ? 'none' : 'made of others'}</span>
          ) : (
            <a href={runAt(last.runId)}>
              <RunStatus status={last.status} />
            </a>
          ),
          <Bars
            name={`Records of ${contract.dataset} by day, the last ${DAYS} days`}
            kind="amount"
            slots={DAYS}
            bars={days.map(({ day, at, runs, records }) => ({
              ...{ label: day, at, value: records },
              text: `${plural(records, 'record')} in ${plural(runs, 'run')}`,
            }))}
          />,
          <Bars
            name={`Quarantined share of ${contract.dataset} by day, the last ${DAYS} days`}
            kind="trouble"
            slots={DAYS}
            bars={days.map(({ day, at, tested: all, quarantined }) => ({
              ...{ label: day, at, value: all === 0 ? 0 : quarantined / all },
              text: `${share(quarantined, all)} of ${plural(all, 'record')}`,
            }))}
          />,
          last === undefined ? '' : share(last.counts.quarantined, tested(last.counts)),
          ...(counted === undefined ? [] : waitingCells(contract, counted.get(contract.dataset))),
        ];
      })}
    />
  );
}

/** How many records of a dataset are open, and condemned, each leading to them. */
function waitingCells({ dataset, layer }: Contract, counts: RecordCounts | undefined): Child[] {
  if (layer !== 'silver') return ['', ''];
  if (counts === undefined) return ['…', '…'];
  const { open = 0, retrying = 0, condemned = 0 } = counts.byState;
  const cell = (number: number, query: Readonly<Record<string, string>>): Child =>
    number === 0 ? '0' : <a href={quarantineOf({ dataset, ...query })}>{count(number)}</a>;
  return [cell(open + retrying, {}), cell(condemned, { state: 'condemned' })];
}

const tested = ({ records, blank }: RunRecord['counts']): number => records - blank;

function Freshness({ line }: { readonly line: DatasetState }) {
  if (line.health.publishedAt === null) return <Status mood="none" word="not published" />;
  if (has(line, STALE)) return <Status mood="bad" word="late" />;
  return line.health.ailments.length > 0 ? (
    <Status mood="wait" word="fresh, needs you" />
  ) : (
    <Status mood="good" word="fresh" />
  );
}
