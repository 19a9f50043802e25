import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import type { Ailment } from '../../../etl/operations/ailment.ts';
import type { RunRecord } from '../../../etl/stages/outcomes.ts';
import { datasetAt, runAt } from '../addresses.ts';
import type { DatasetState } from '../board.ts';
import type { Page, PageRequest } from '../page.ts';
import { Bars } from '../parts/bars.tsx';
import { Empty, Table } from '../parts/facts.tsx';
import { RunStatus, Status } from '../parts/status.tsx';
import { plural, share, Time } from '../parts/text.tsx';

/** How the lake stands, and what waits for somebody. */
export const overview: Page = {
  path: '/',
  permission: 'catalogue.read',
  async render(request) {
    const lines = await linesOf(request);
    return {
      title: 'Overview',
      body: (
        <>
          <h1>{headline(lines)}</h1>
          <NeedsYou lines={lines} />
          <h2>Datasets</h2>
          <Datasets lines={lines} />
          <LookedAt lines={lines} />
        </>
      ),
    };
  },
};

async function linesOf({ service, board }: PageRequest): Promise<readonly DatasetState[]> {
  const { contracts } = await loadContracts(service.lake.effects.contracts);
  return await board.states([...contracts.values()]);
}

/** When the oldest of it was looked at. */
function LookedAt({ lines }: { readonly lines: readonly DatasetState[] }) {
  const [oldest] = lines.map(({ lookedAt }) => lookedAt.toISOString()).sort();
  if (oldest === undefined) return null;
  return (
    <p class="soft">Looked at {oldest.slice(11, 19)} UTC or later; open it again for what happened since.</p>
  );
}

/** Problems of late, missing or bad data. */
const STALE: ReadonlySet<Ailment['code']> = new Set(['SILENT', 'LATE', 'GOLD_BEHIND', 'POINTER']);

/** Ailments that wait for a person's decision. */
const DECIDE: ReadonlySet<Ailment['code']> = new Set(['HELD', 'BREAKER', 'REJECTED', 'RESTATEMENT']);

const has = ({ health }: DatasetState, codes: ReadonlySet<Ailment['code']>): boolean =>
  health.ailments.some(({ code }) => codes.has(code));

/** The state of all in a sentence. */
function headline(lines: readonly DatasetState[]): string {
  if (lines.length === 0) return 'There is no dataset yet.';
  const published = lines.filter(({ health }) => health.publishedAt !== null);
  if (published.length === 0) return 'Nothing is published yet.';
  const fresh = published.filter((line) => !has(line, STALE)).length;
  const waiting = lines.flatMap(({ health }) =>
    health.ailments.filter(({ code }) => DECIDE.has(code)),
  ).length;
  const rest =
    waiting === 0
      ? 'nothing waits for you'
      : `${plural(waiting, 'thing')} ${waiting === 1 ? 'waits' : 'wait'} for you`;
  return `${fresh} of ${plural(lines.length, 'dataset')} ${fresh === 1 ? 'is' : 'are'} fresh; ${rest}.`;
}

function NeedsYou({ lines }: { readonly lines: readonly DatasetState[] }) {
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
            <a href={datasetAt(dataset)}>{dataset}</a>: {ailment.what}. <NextStep ailment={ailment} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Where to act on it: the page to decide on, or the command. */
function NextStep({ ailment: { next } }: { readonly ailment: Ailment }) {
  const [, runId] = /^show (\S+)$/.exec(next) ?? [];
  return runId === undefined ? (
    <code>assay {next}</code>
  ) : (
    <a class="button" href={runAt(runId)}>
      Look at the run
    </a>
  );
}

function Datasets({ lines }: { readonly lines: readonly DatasetState[] }) {
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
      columns={['dataset', 'state', 'published', 'last run', 'records', 'quarantined', 'share#']}
      rows={lines.map((line) => {
        const { contract, health } = line;
        const runs = [...line.runs].reverse();
        const last = runs.at(-1);
        return [
          <a href={datasetAt(contract.dataset)}>{contract.dataset}</a>,
          <Freshness line={line} />,
          <Time at={health.publishedAt} />,
          last === undefined ? (
            <span class="soft">{contract.layer === 'gold' ? 'made of others' : 'none'}</span>
          ) : (
            <a href={runAt(last.runId)}>
              <RunStatus status={last.status} />
            </a>
          ),
          <Bars
            name={`Records of the last runs of ${contract.dataset}`}
            kind="amount"
            bars={runs.map(({ endedAt, counts }) => ({
              label: endedAt.slice(0, 10),
              value: counts.records,
              text: plural(counts.records, 'record'),
            }))}
          />,
          <Bars
            name={`Quarantined share of the last runs of ${contract.dataset}`}
            kind="trouble"
            bars={runs.map(({ endedAt, counts }) => ({
              label: endedAt.slice(0, 10),
              value: rateOf(counts),
              text: share(counts.quarantined, tested(counts)),
            }))}
          />,
          last === undefined ? '' : share(last.counts.quarantined, tested(last.counts)),
        ];
      })}
    />
  );
}

const tested = ({ records, blank }: RunRecord['counts']): number => records - blank;
const rateOf = (counts: RunRecord['counts']): number =>
  tested(counts) === 0 ? 0 : counts.quarantined / tested(counts);

function Freshness({ line }: { readonly line: DatasetState }) {
  if (line.health.publishedAt === null) return <Status mood="none" word="not published" />;
  if (has(line, STALE)) return <Status mood="bad" word="late" />;
  return line.health.ailments.length > 0 ? (
    <Status mood="wait" word="fresh, not well" />
  ) : (
    <Status mood="good" word="fresh" />
  );
}
