import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import { ConfigError, messageOf } from '../../../etl/errors.ts';
import { eventLines } from '../../../etl/eventstore/event-lines.ts';
import { sourceName } from '../../../etl/naming/bronze.ts';
import { approveRun } from '../../../etl/operations/approve-run.ts';
import { refuseRun } from '../../../etl/operations/decide-run.ts';
import { requireRun } from '../../../etl/operations/find-run.ts';
import { maskPreview } from '../../../etl/operations/mask-preview.ts';
import { type RunStage, runStages } from '../../../etl/operations/run-stages.ts';
import { maskRejects, type Reject } from '../../../etl/query/run-rejects.ts';
import { type Breaker, isCommitted, type RunRecord } from '../../../etl/stages/outcomes.ts';
import { isAllowed } from '../../identity/identity.ts';
import { type PreviewState, previewOf } from '../../previews.ts';
import { lookUpRun } from '../../runs/look-up-run.ts';
import type { RunState } from '../../runs/run-state.ts';
import { datasetAt, quarantineOf, runAt } from '../addresses.ts';
import type { Action, Page, PageRequest } from '../page.ts';
import { WouldPublish } from '../parts/approval-preview.tsx';
import { Empty, Facts, Table } from '../parts/facts.tsx';
import { BreakerIsOpen, seenBreaker } from '../parts/open-breaker.tsx';
import { RunStages } from '../parts/run-stages.tsx';
import { RunStatus, Status } from '../parts/status.tsx';
import { count, duration, grouped, Id, plural, Said, Time } from '../parts/text.tsx';
import { UnderWay } from '../parts/under-way.tsx';
import { wordOf } from '../word-of.ts';
import { followed, NothingPending, underWayView } from './run-under-way.tsx';

/** The way of the data through one run, and the decision on a held one. */
export const run: Page = {
  path: '/runs/{runId}',
  permission: 'runs.read',
  async render(request) {
    const { params, service } = request;
    const view = await lookUpRun(service, params.runId ?? '');
    if (view.kind === 'under-way') return underWayView(view.state);
    const { record, state } = view;
    const examples = await examplesOf(request, record);
    const preview = state === undefined ? await approvalOf(request, record) : undefined;
    const isStopped = record.status === 'refused' || record.status === 'held';
    const breaker = isStopped ? await seenBreaker(request, record.dataset) : undefined;
    const stages = await runStages(service.lake.effects, record);
    return {
      title: `Run ${record.runId}`,
      ...(state === undefined ? {} : followed(state)),
      body: (
        <>
          {state !== undefined && <UnderWay runs={[state]} />}
          <RunBody {...{ request, run: record, state, examples, preview, stages, breaker }} />
        </>
      ),
    };
  },
};

async function examplesOf(
  { service, identity, examples }: PageRequest,
  record: RunRecord,
): Promise<readonly Reject[]> {
  if (record.counts.quarantined + record.counts.condemned === 0) return [];
  if (!isAllowed(identity, 'quarantine.read', service)) return [];
  const { effects } = service.lake;
  const found = await examples.rejects(record);
  if (isAllowed(identity, 'protected.read', service)) return found;
  return maskRejects(found, (await loadContracts(effects.contracts)).contracts.get(record.dataset));
}

interface Shown {
  readonly request: PageRequest;
  readonly run: RunRecord;
}

/** How long the page waits for what approving would publish. */
const PATIENCE_MS = 4000;

/** What approving a held run would publish, as far as the identity may see it; undefined for any other run. */
async function approvalOf(
  { service, identity }: PageRequest,
  record: RunRecord,
): Promise<PreviewState | undefined> {
  if (record.status !== 'held' || !isAllowed(identity, 'gold.read', service)) return undefined;
  const { effects } = service.lake;
  const state = await previewOf(effects, record, PATIENCE_MS);
  if (state.kind === 'computing' || isAllowed(identity, 'protected.read', service)) return state;
  const { contracts } = await loadContracts(effects.contracts);
  return { ...state, preview: maskPreview(state.preview, contracts) };
}

interface Judged extends Shown {
  readonly examples: readonly Reject[];
  readonly preview: PreviewState | undefined;
  readonly stages: readonly RunStage[];
  /** What is still done with it. */
  readonly state: RunState | undefined;
  /** The dataset's circuit breaker, where it is open and the run did not end well. */
  readonly breaker: Breaker | undefined;
}

function RunBody({ request, run: record, state, examples, preview, stages, breaker }: Judged) {
  const { counts, why } = record;
  return (
    <>
      <h1>
        Run <Id id={record.runId} />{' '}
        {state === undefined ? (
          <RunStatus status={record.status} />
        ) : (
          <Status
            mood="wait"
            word={isCommitted(record.status) ? 'published, and not done yet' : 'under way'}
          />
        )}
      </h1>
      <Stopped request={request} run={record} />
      {why.length > 0 && (
        <ul class="why">
          {why.map((one) => (
            <li>
              <Said text={one} />
            </li>
          ))}
        </ul>
      )}
      <BreakerIsOpen breaker={breaker} />
      <Facts
        of={[
          ['dataset', <a href={datasetAt(record.dataset)}>{record.dataset}</a>],
          ['began', <Time at={record.startedAt} />],
          ['took', duration(record.durationMs)],
          ['contract', record.contractVersion ?? 'unknown'],
          ['snapshot', record.snapshotId === null ? 'none' : String(record.snapshotId)],
          ['seal', record.sealDigest === null ? 'none' : <code>{record.sealDigest}</code>],
        ]}
      />
      {record.status === 'nothing-to-do' && <NothingPending dataset={record.dataset} />}
      {preview !== undefined && <WouldPublish state={preview} runId={record.runId} />}
      {state === undefined && <Decide request={request} run={record} />}
      <h2>The way of the data</h2>
      <RunStages run={record} stages={stages} />
      <Table
        caption="Records by verdict"
        columns={[
          ...['files#', 'records#', 'blank#', 'silver#', 'quarantined#', 'condemned#', 'repeats#'],
          ...(counts.forgotten === undefined ? [] : ['forgotten#']),
        ]}
        rows={[
          [
            count(record.files.length),
            ...[
              counts.records,
              counts.blank,
              counts.silver,
              counts.quarantined,
              counts.condemned,
              counts.repeats ?? 0,
              ...(counts.forgotten === undefined ? [] : [counts.forgotten]),
            ].map(count),
          ],
        ]}
      />
      {eventLines(record.events).map((line) => (
        <p>Events: {line}.</p>
      ))}
      <Reasons request={request} run={record} examples={examples} />
      <Files run={record} />
      <ControlTotals run={record} />
    </>
  );
}

function Files({ run: { files } }: Pick<Shown, 'run'>) {
  return (
    <>
      <h2>Files</h2>
      {files.length === 0 ? (
        <Empty>The run took up no file: those that wait for a run are taken up by the next.</Empty>
      ) : (
        <Table
          caption="Files"
          columns={['file', 'status', 'records#', 'silver#', 'quarantined#', 'condemned#', 'note']}
          rows={files.map((file) => [
            <span title={file.key}>{sourceName(file.key)}</span>,
            file.status,
            ...[file.records, file.silver, file.quarantined, file.condemned].map(count),
            file.note ?? '',
          ])}
        />
      )}
    </>
  );
}

/** Why the last try to publish a held run came to nothing, where the page didn't wait for it. */
function Stopped({ request: { service }, run: { runId, status } }: Shown) {
  const outcome = service.runs.outcomeOf(runId);
  if (status !== 'held' || outcome?.kind !== 'error') return null;
  return (
    <p class="failed" role="alert">
      It was not published: {messageOf(outcome.error)}
    </p>
  );
}

function Reasons({
  request: { identity, service },
  run: { reasons, dataset, runId, status },
  examples,
}: Shown & { readonly examples: readonly Reject[] }) {
  // What isn't published isn't in quarantine yet.
  const isLinked = isCommitted(status) && isAllowed(identity, 'quarantine.read', service);
  const found = Object.entries(reasons).sort(([, a], [, b]) => b - a);
  if (found.length === 0) return null;
  return (
    <>
      <h2>Reasons</h2>
      <Table
        caption="Reasons"
        columns={['reason', 'records#']}
        rows={found.map(([code, n]) => [
          isLinked ? <a href={quarantineOf({ dataset, run: runId, code })}>{code}</a> : code,
          count(n),
        ])}
      />
      {examples.length > 0 && (
        <>
          <h3>Examples</h3>
          <Table
            caption="Examples of records that failed"
            columns={['file', 'record#', 'reasons', 'values']}
            rows={examples.map((one) => [
              sourceName(one.sourceFile),
              count(one.sourceRowNumber),
              one.reasons
                .map(({ code, column }) => (column === null ? code : `${code} ${column}`))
                .join(', '),
              <code class="values">{valuesOf(one)}</code>,
            ])}
          />
        </>
      )}
    </>
  );
}

function valuesOf({ record, rawText }: Reject): string {
  if (record === null) return rawText ?? 'its values were let go';
  return Object.entries(record)
    .map(([name, value]) => `${name}=${value === null ? 'NULL' : String(value)}`)
    .join(' · ');
}

function ControlTotals({ run: { controlTotals } }: Pick<Shown, 'run'>) {
  if (controlTotals.length === 0) return null;
  return (
    <>
      <h2>Control totals</h2>
      <Table
        caption="Control totals"
        columns={['file', 'measure', 'in#', 'silver#', 'quarantined#', 'condemned#', 'the source says#', '']}
        rows={controlTotals.map((total) => [
          sourceName(total.key),
          total.by === null ? total.measure : `${total.measure} of ${total.by}`,
          grouped(total.in),
          grouped(total.silver),
          grouped(total.quarantined),
          grouped(total.condemned),
          grouped(total.declared ?? ''),
          total.met ? <Status mood="good" word="met" /> : <Status mood="bad" word="not met" />,
        ])}
      />
    </>
  );
}

/** The forms that decide on a held run, bound to the digest that the page shows. */
function Decide({ request: { csrf, identity, service }, run: record }: Shown) {
  const isDecidable = record.status === 'held' && record.sealDigest !== null;
  if (!isDecidable || csrf === undefined || !isAllowed(identity, 'runs.decide', service)) return null;
  const at = runAt(record.runId);
  const short = `…${record.runId.slice(-4)}`;
  return (
    <section class="decide" aria-labelledby="decide">
      <h2 id="decide">Decide</h2>
      <form method="post" action={`${at}/approve`}>
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="digest" value={record.sealDigest ?? ''} />
        <label for="approve-reason">Why it may be published</label>
        <input id="approve-reason" name="reason" required maxlength={2000} autocomplete="off" />
        <button type="submit">
          Publish run {short}, {plural(record.counts.silver, 'record')}
        </button>
      </form>
      <form method="post" action={`${at}/refuse`}>
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="digest" value={record.sealDigest ?? ''} />
        <label for="refuse-reason">Why it may not</label>
        <input id="refuse-reason" name="reason" required maxlength={2000} autocomplete="off" />
        <button type="submit" class="plain">
          Refuse run {short}, {plural(record.files.length, 'file')}
        </button>
      </form>
    </section>
  );
}

/** Publishes the run under the digest that the page showed. */
export const approve: Action = {
  path: '/runs/{runId}/approve',
  permission: 'runs.decide',
  async act(request) {
    const { lake } = request.service;
    const word = wordOf(request);
    const record = await requireRun(lake.effects, request.params.runId ?? '');
    const { runId, dataset } = record;
    const approval = { ...word, digest: request.form.digest ?? '' };
    await request.service.runs.publish({ runId, dataset }, word.by, () => approveRun(lake, record, approval));
    request.board.forget(record.dataset);
    return runAt(record.runId);
  },
};

/** Refuses the run, where it is still the one that the page showed. */
export const refuse: Action = {
  path: '/runs/{runId}/refuse',
  permission: 'runs.decide',
  async act(request) {
    const { effects } = request.service.lake;
    const word = wordOf(request);
    const { runId, dataset, sealDigest } = await requireRun(effects, request.params.runId ?? '');
    if (sealDigest !== request.form.digest)
      throw new ConfigError(
        'OTHER_DIGEST',
        `Run ${runId} was sealed anew since the page was made: look at it again.`,
      );
    await refuseRun(effects, { runId, dataset }, word);
    request.board.forget(dataset);
    return runAt(runId);
  },
};
