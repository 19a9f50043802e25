import type { Contract } from '../../../etl/contract/contract.ts';
import { loadContracts, requireContract } from '../../../etl/contract/load-contracts.ts';
import { madeOf } from '../../../etl/contract/made-of.ts';
import { keyText } from '../../../etl/contract/record-key.ts';
import { isProduct } from '../../../etl/products/data-product.ts';
import { listSnapshots, type PublishedSnapshot } from '../../../etl/query/list-snapshots.ts';
import { deprecationText } from '../../../etl/site/events-section.ts';
import type { RunRecord } from '../../../etl/stages/outcomes.ts';
import { readPointer } from '../../../etl/table/pointer.ts';
import { isAllowed } from '../../identity/identity.ts';
import { readerOf } from '../../identity/reader.ts';
import { datasetAt, productAt, runAt } from '../addresses.ts';
import { LineagePicture } from '../charts/lineage.tsx';
import { reasonsText, VerdictBars } from '../charts/verdict-bars.tsx';
import type { Page } from '../page.ts';
import { Bars } from '../parts/bars.tsx';
import { ContractColumns } from '../parts/contract-columns.tsx';
import { Empty, Facts, Table } from '../parts/facts.tsx';
import { HowToRead } from '../parts/how-to-read.tsx';
import { LastFiles } from '../parts/last-files.tsx';
import { lastRuns } from '../parts/last-runs.ts';
import { NextStep } from '../parts/next-step.tsx';
import { OpenBreaker, seenBreaker } from '../parts/open-breaker.tsx';
import { originOf } from '../parts/origin-of.ts';
import { promised } from '../parts/promised.ts';
import { StartRun } from '../parts/start-run.tsx';
import { RunStatus } from '../parts/status.tsx';
import { count, Id, Said, share, Time } from '../parts/text.tsx';
import { Brought, Upload } from '../parts/upload.tsx';
import { FindStream } from '../projections/find-stream.tsx';
import { EventsOfDataset, eventsOf } from '../streams/events-of-dataset.tsx';

/** Snapshots that the page shows. */
const SNAPSHOTS = 10;

/** A dataset: what its contract says, how well it does, what it is made of, and how to read it. */
export const dataset: Page = {
  path: '/datasets/{dataset}',
  permission: 'catalogue.read',
  async render(request) {
    const { params, identity, service } = request;
    const { effects } = service.lake;
    const all = await loadContracts(effects.contracts);
    const contract = requireContract(all, params.dataset ?? '');
    const { health } = await service.health(contract);
    const breaker = contract.layer === 'silver' ? await seenBreaker(request, contract.dataset) : undefined;
    const seesRuns = isAllowed(identity, 'runs.read', service);
    const runs = seesRuns && contract.layer === 'silver' ? await lastRuns(effects, contract.dataset) : [];
    const pointer = (await readPointer(effects.objects, contract.layer, contract.dataset))?.pointer;
    const mayRead = readerOf(identity).schemas.has(contract.layer);
    const examples = mayRead ? await request.examples.values(contract, pointer) : new Map();
    const { tableName, lines } = await listSnapshots(effects, contract.dataset);
    const events = isAllowed(identity, 'policies.read', service)
      ? await eventsOf(contract.dataset, service)
      : undefined;
    const outputs = [...all.contracts.values()].filter((one) => madeOf(one).includes(contract.dataset));
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
              ['promised', promised(contract) || <span class="soft">nothing about when data comes</span>],
              ['table', <code>{tableName}</code>],
              ['key', keyText(contract)],
              ...(contract.deprecated === undefined
                ? []
                : [['promised until', deprecationText(contract.deprecated)] as const]),
              ...(isProduct(contract)
                ? [
                    [
                      'data product',
                      <a href={productAt(contract.dataset)}>what it promises, who reads it</a>,
                    ] as const,
                  ]
                : []),
              ['made of', <Datasets of={madeOf(contract)} none="source files" />],
              ['used by', <Datasets of={outputs.map((one) => one.dataset)} none="no other dataset" />],
            ]}
          />
          {health.ailments.length > 0 && (
            <section class="needs">
              <h2>Not well</h2>
              <ul>
                {health.ailments.map((ailment) => (
                  <li>
                    <Said text={ailment.what} />. <NextStep ailment={ailment} request={request} />
                  </li>
                ))}
              </ul>
            </section>
          )}
          {breaker !== undefined && <OpenBreaker request={request} breaker={breaker} />}
          {health.notes?.map((note) => (
            <p class="soft">{note}.</p>
          ))}
          <Brought request={request} />
          {contract.layer === 'silver' && (
            <>
              <Upload request={request} dataset={contract.dataset} />
              <StartRun request={request} dataset={contract.dataset} />
            </>
          )}
          {contract.layer === 'projection' && isAllowed(identity, 'silver.read', service) && (
            <FindStream dataset={contract.dataset} stream={contract.key[0] ?? 'stream'} />
          )}
          <h2>Lineage</h2>
          <LineagePicture contract={contract} contracts={all.contracts} seesRuns={seesRuns} />
          <h2>Columns</h2>
          <ContractColumns contract={contract} examples={examples} />
          {events !== undefined && <EventsOfDataset events={events} />}
          {seesRuns && <Quality contract={contract} runs={runs} />}
          {seesRuns && <LastFiles runs={runs} />}
          {seesRuns && <Snapshots lines={lines.slice(0, SNAPSHOTS)} />}
          <HowToRead
            dataset={contract.dataset}
            layer={contract.layer}
            metadata={pointer?.tables[contract.layer]?.metadata_location}
            origin={originOf(service)}
            token={
              service.oidc === undefined
                ? 'what stands behind token= in the address that assay serve printed; programs send it for as long as the service runs'
                : 'an access token of your issuer'
            }
            glue={service.glue}
            lake={service.lakeName}
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

function Quality({ contract, runs }: { readonly contract: Contract; readonly runs: readonly RunRecord[] }) {
  if (contract.layer !== 'silver') return null;
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
      <VerdictBars runs={oldestFirst} />
      <p>
        Quarantined share of these runs:{' '}
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
        columns={['run', 'status', 'ended', 'records#', 'silver#', 'quarantined#', 'condemned#', 'reasons']}
        rows={runs.map((run) => [
          <a href={runAt(run.runId)}>
            <Id id={run.runId} />
          </a>,
          <RunStatus status={run.status} />,
          <Time at={run.endedAt} />,
          ...[run.counts.records, run.counts.silver, run.counts.quarantined, run.counts.condemned].map(count),
          reasonsText(run.reasons),
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
