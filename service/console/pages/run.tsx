import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import { withScratchEngine } from '../../../etl/engine/with-scratch-engine.ts';
import { ConfigError } from '../../../etl/errors.ts';
import { sourceName } from '../../../etl/naming/bronze.ts';
import { approveRun } from '../../../etl/operations/approve-run.ts';
import { refuseRun, type Word } from '../../../etl/operations/decide-run.ts';
import { requireRun } from '../../../etl/operations/find-run.ts';
import { maskRejects, type Reject, rejectExamples } from '../../../etl/query/run-rejects.ts';
import type { RunRecord } from '../../../etl/stages/outcomes.ts';
import { isAllowed } from '../../identity/identity.ts';
import { datasetAt, runAt } from '../addresses.ts';
import type { Action, Page, PageRequest } from '../page.ts';
import { Facts, Table } from '../parts/facts.tsx';
import { RunStatus, Status } from '../parts/status.tsx';
import { count, duration, Id, plural, Time } from '../parts/text.tsx';

/** Examples of each reason, and of all. */
const EXAMPLES = { perKind: 3, most: 20 };

/** The way of the data through one run, and the decision on a held one. */
export const run: Page = {
  path: '/runs/{runId}',
  permission: 'runs.read',
  async render(request) {
    const { params, service } = request;
    const record = await requireRun(service.lake.effects, params.runId ?? '');
    const examples = await examplesOf(request, record);
    return {
      title: `Run ${record.runId}`,
      body: <RunBody request={request} run={record} examples={examples} />,
    };
  },
};

async function examplesOf({ service, identity }: PageRequest, record: RunRecord): Promise<Reject[]> {
  if (record.counts.quarantined + record.counts.condemned === 0) return [];
  if (!isAllowed(identity, 'quarantine.read', service)) return [];
  const { effects } = service.lake;
  const found = await withScratchEngine(effects, 'run-page', (engine) =>
    rejectExamples(engine, effects, record, EXAMPLES),
  );
  if (isAllowed(identity, 'protected.read', service)) return found;
  return maskRejects(found, (await loadContracts(effects.contracts)).contracts.get(record.dataset));
}

interface Shown {
  readonly request: PageRequest;
  readonly run: RunRecord;
}

function RunBody({ request, run: record, examples }: Shown & { readonly examples: readonly Reject[] }) {
  const { counts, why } = record;
  return (
    <>
      <h1>
        Run <Id id={record.runId} /> <RunStatus status={record.status} />
      </h1>
      {why.length > 0 && (
        <ul class="why">
          {why.map((one) => (
            <li>{one}</li>
          ))}
        </ul>
      )}
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
      <Decide request={request} run={record} />
      <h2>The way of the data</h2>
      <Table
        caption="Records by verdict"
        columns={['files#', 'records#', 'blank#', 'silver#', 'quarantined#', 'condemned#', 'repeats#']}
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
            ].map(count),
          ],
        ]}
      />
      <Reasons run={record} examples={examples} />
      <h2>Files</h2>
      <Table
        caption="Files"
        columns={['file', 'status', 'records#', 'silver#', 'quarantined#', 'condemned#', 'note']}
        rows={record.files.map((file) => [
          <span title={file.key}>{sourceName(file.key)}</span>,
          file.status,
          ...[file.records, file.silver, file.quarantined, file.condemned].map(count),
          file.note ?? '',
        ])}
      />
      <ControlTotals run={record} />
    </>
  );
}

function Reasons({
  run: { reasons },
  examples,
}: Pick<Shown, 'run'> & { readonly examples: readonly Reject[] }) {
  const found = Object.entries(reasons).sort(([, a], [, b]) => b - a);
  if (found.length === 0) return null;
  return (
    <>
      <h2>Reasons</h2>
      <Table
        caption="Reasons"
        columns={['reason', 'records#']}
        rows={found.map(([code, n]) => [code, count(n)])}
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
  if (record === null) return rawText ?? '';
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
          total.in,
          total.silver,
          total.quarantined,
          total.condemned,
          total.declared ?? '',
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

/** Who decides and why; throws ConfigError `REQUEST` where no reason is given. */
function wordOf({ identity, form }: Parameters<Action['act']>[0]): Word {
  const reason = form.reason?.trim() ?? '';
  if (reason === '') throw new ConfigError('REQUEST', 'No reason is given: go back, and say why.');
  return { by: identity.name, reason };
}

/** Publishes the run under the digest that the page showed. */
export const approve: Action = {
  path: '/runs/{runId}/approve',
  permission: 'runs.decide',
  async act(request) {
    const { lake } = request.service;
    const word = wordOf(request);
    const record = await requireRun(lake.effects, request.params.runId ?? '');
    await approveRun(lake, record, { ...word, digest: request.form.digest ?? '' });
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
