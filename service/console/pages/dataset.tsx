import { checkText } from '../../../etl/contract/check-text.ts';
import type { Contract } from '../../../etl/contract/contract.ts';
import { loadContracts, requireContract } from '../../../etl/contract/load-contracts.ts';
import { keyText } from '../../../etl/contract/record-key.ts';
import { checkHealth } from '../../../etl/operations/check-health.ts';
import { describeContract } from '../../../etl/query/catalog.ts';
import { listSnapshots, type PublishedSnapshot } from '../../../etl/query/list-snapshots.ts';
import type { RunRecord } from '../../../etl/stages/outcomes.ts';
import { readPointer } from '../../../etl/table/pointer.ts';
import { isAllowed } from '../../identity/identity.ts';
import { datasetAt, runAt } from '../addresses.ts';
import type { Page } from '../page.ts';
import { Bars } from '../parts/bars.tsx';
import { Empty, Facts, Table } from '../parts/facts.tsx';
import { HowToRead } from '../parts/how-to-read.tsx';
import { lastRuns } from '../parts/last-runs.ts';
import { RunStatus } from '../parts/status.tsx';
import { count, Id, share, Time } from '../parts/text.tsx';

/** Snapshots that the page shows. */
const SNAPSHOTS = 10;

/** A dataset: what its contract says, how well it does, what it is made of, and how to read it. */
export const dataset: Page = {
  path: '/datasets/{dataset}',
  permission: 'catalogue.read',
  async render({ params, identity, service }) {
    const { effects } = service.lake;
    const all = await loadContracts(effects.contracts);
    const contract = requireContract(all, params.dataset ?? '');
    const health = await checkHealth(effects, contract);
    const seesRuns = isAllowed(identity, 'runs.read', service);
    const runs = seesRuns && contract.layer === 'silver' ? await lastRuns(effects, contract.dataset) : [];
    const pointer = (await readPointer(effects.objects, contract.layer, contract.dataset))?.pointer;
    const { tableName, lines } = await listSnapshots(effects, contract.dataset);
    const outputs = [...all.contracts.values()].filter(
      (one) => one.layer === 'gold' && one.inputs.includes(contract.dataset),
    );
    return {
      title: contract.dataset,
      body: (
        <>
          <h1>{contract.dataset}</h1>
          <p class="lead">{contract.description}</p>
          <Facts
            of={[
              ['owner', contract.owner],
              ['layer', contract.layer],
              ['contract', contract.version],
              ['published', <Time at={health.publishedAt} />],
              ['table', <code>{tableName}</code>],
              ['key', keyText(contract)],
              [
                'made of',
                <Datasets of={contract.layer === 'gold' ? contract.inputs : []} none="source files" />,
              ],
              ['used by', <Datasets of={outputs.map((one) => one.dataset)} none="no other dataset" />],
            ]}
          />
          {health.ailments.length > 0 && (
            <section class="needs">
              <h2>Not well</h2>
              <ul>
                {health.ailments.map(({ what, next }) => (
                  <li>
                    {what}. <code>assay {next}</code>
                  </li>
                ))}
              </ul>
            </section>
          )}
          <h2>Columns</h2>
          <Columns contract={contract} />
          {seesRuns && <Quality contract={contract} runs={runs} />}
          {seesRuns && <Snapshots lines={lines.slice(0, SNAPSHOTS)} />}
          <HowToRead
            dataset={contract.dataset}
            layer={contract.layer}
            metadata={pointer?.tables[contract.layer]?.metadata_location}
            host={[...service.hosts][0] ?? ''}
          />
        </>
      ),
    };
  },
};

function Datasets({ of, none }: { readonly of: readonly string[]; readonly none: string }) {
  if (of.length === 0) return <span class="soft">{none}</span>;
  return (
    <>
      {of.map((one, n) => (
        <>
          {n > 0 && ', '}
          <a href={datasetAt(one)}>{one}</a>
        </>
      ))}
    </>
  );
}

function Columns({ contract }: { readonly contract: Contract }) {
  return (
    <Table
      caption="Columns"
      columns={['column', 'type', 'may be missing', 'classification', 'what it is', 'checks']}
      rows={describeContract(contract).columns.map(
        ({ name, type, isNullable, isKey, classification, description }) => {
          const checks = contract.columns.find((column) => column.name === name)?.checks ?? [];
          return [
            <code>
              {name}
              {isKey ? ' (key)' : ''}
            </code>,
            <code>{type}</code>,
            isNullable ? 'yes' : 'no',
            classification ?? '',
            description,
            checks.map(checkText).join('; '),
          ];
        },
      )}
    />
  );
}

function Quality({ contract, runs }: { readonly contract: Contract; readonly runs: readonly RunRecord[] }) {
  if (contract.layer === 'gold') return null;
  if (runs.length === 0)
    return (
      <>
        <h2>Quality</h2>
        <Empty>
          No run yet: <code>assay ingest FILE… --dataset {contract.dataset}</code> and <code>assay run</code>.
        </Empty>
      </>
    );
  const oldestFirst = [...runs].reverse();
  return (
    <>
      <h2>Quality</h2>
      <p>
        Quarantined share of the last runs:{' '}
        <Bars
          name="Quarantined share of the last runs"
          kind="trouble"
          bars={oldestFirst.map(({ endedAt, counts }) => ({
            label: endedAt.slice(0, 10),
            value: counts.records === counts.blank ? 0 : counts.quarantined / (counts.records - counts.blank),
            text: share(counts.quarantined, counts.records - counts.blank),
          }))}
        />
      </p>
      <Table
        caption="The last runs"
        columns={[
          'run',
          'status',
          'ended',
          'records#',
          'silver#',
          'quarantined#',
          'condemned#',
          'most frequent reason',
        ]}
        rows={runs.map((run) => [
          <a href={runAt(run.runId)}>
            <Id id={run.runId} />
          </a>,
          <RunStatus status={run.status} />,
          <Time at={run.endedAt} />,
          ...[run.counts.records, run.counts.silver, run.counts.quarantined, run.counts.condemned].map(count),
          Object.entries(run.reasons).sort(([, a], [, b]) => b - a)[0]?.[0] ?? '',
        ])}
      />
    </>
  );
}

function Snapshots({ lines }: { readonly lines: readonly PublishedSnapshot[] }) {
  if (lines.length === 0) return null;
  return (
    <>
      <h2>Snapshots</h2>
      <Table
        caption="Snapshots"
        columns={['snapshot#', 'committed', 'operation', 'added#', 'removed#', 'total#']}
        rows={lines.map((line) => [
          <code>{String(line.snapshotId)}</code>,
          <Time at={line.committedAt} />,
          line.operation ?? '',
          ...[line.addedRecords, line.removedRecords, line.totalRecords].map(count),
        ])}
      />
    </>
  );
}
