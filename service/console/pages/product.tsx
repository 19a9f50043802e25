import { isNumeric } from '../../../etl/answers/cell.ts';
import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import { requireProduct } from '../../../etl/products/data-product.ts';
import { readersOf } from '../../../etl/products/product-use.ts';
import { deprecationText } from '../../../etl/site/events-section.ts';
import { type SeenProduct, seenProduct } from '../../products/see-product.ts';
import { datasetAt, descriptorAt, productsAt } from '../addresses.ts';
import type { Page } from '../page.ts';
import { JsonCell } from '../parts/answer-table.tsx';
import { Empty, Facts, Table } from '../parts/facts.tsx';
import { ProductStatus } from '../parts/product-status.tsx';
import { count, duration, plural, Time } from '../parts/text.tsx';

/** A data product: what it promises, who may read it, who did, what it costs, and a sample. */
export const product: Page = {
  path: '/products/{dataset}',
  permission: 'catalogue.read',
  async render({ params, identity, service }) {
    const loaded = await loadContracts(service.lake.effects.contracts);
    const contract = requireProduct(loaded, params.dataset ?? '');
    const seen = await seenProduct(contract, loaded, { identity, service });
    return {
      title: seen.title,
      body: (
        <>
          <p>
            <a href={productsAt}>All products</a>
          </p>
          <h1>{seen.title}</h1>
          <p class="lead">{seen.description}</p>
          <About product={seen} />
          {seen.ailments.length > 0 && (
            <section class="needs">
              <h2>Not well</h2>
              <ul>
                {seen.ailments.map((what) => (
                  <li>{what}</li>
                ))}
              </ul>
            </section>
          )}
          <h2>A sample</h2>
          <SampleRows product={seen} />
          <h2>What it costs to refresh</h2>
          <Costs product={seen} />
          {seen.reads !== null && <Readers since={seen.since} reads={seen.reads} />}
        </>
      ),
    };
  },
};

function About({ product: seen }: { readonly product: SeenProduct }) {
  const { access, deprecated, support } = seen;
  const promises = seen.promises.map(({ property, value, unit = '' }) =>
    `${property} ${value} ${unit}`.trim(),
  );
  return (
    <Facts
      of={[
        ['status', <ProductStatus product={seen} />],
        ...(deprecated === null ? [] : [['promised until', deprecationText(deprecated)] as const]),
        ['owner', seen.owner],
        ['version', seen.version],
        ['published', <Time at={seen.publishedAt} />],
        ['promised', promises.join(', ') || <span class="soft">nothing</span>],
        ['table', <a href={datasetAt(seen.dataset)}>{seen.table}</a>],
        ['made of', <Links to={seen.inputs.map(({ dataset }) => [datasetAt(dataset), dataset])} />],
        ['who may read it', access.roles.join(', ')],
        ...(access.sensitiveColumns.length === 0
          ? []
          : [
              ['masked', `${access.sensitiveColumns.join(', ')} for ${access.maskedFor.join(', ')}`] as const,
            ]),
        ...(access.dataGroups.length === 0 ? [] : [['data groups', access.dataGroups.join(', ')] as const]),
        ...(access.ask === null
          ? []
          : [['ask for access', <Links to={[[access.ask, access.ask]]} />] as const]),
        ['documentation', <Links to={seen.documentation.map((url) => [url, url])} />],
        ...(support === null ? [] : [['support', <Links to={[[support.url, support.channel]]} />] as const]),
        ['descriptor', <a href={descriptorAt(seen.dataset)}>Open Data Product Standard, JSON</a>],
      ]}
    />
  );
}

function Links({ to }: { readonly to: readonly (readonly [string, string])[] }) {
  if (to.length === 0) return <span class="soft">none</span>;
  return (
    <>
      {to.map(([at, name], n) => (
        <>
          {n > 0 && ', '}
          <a href={at} rel="noreferrer">
            {name}
          </a>
        </>
      ))}
    </>
  );
}

function SampleRows({ product: { sample } }: { readonly product: SeenProduct }) {
  if (sample === null) return <Empty>A sample is shown to those who may read the table.</Empty>;
  if (sample.rows.length === 0)
    return <Empty>Nothing is published yet, or no column of it may be shown.</Empty>;
  return (
    <Table
      caption="A sample"
      columns={sample.columns.map((column) => ({ name: column.name, isNumeric: isNumeric(column) }))}
      rows={sample.rows.map((row) =>
        sample.columns.map((column) => <JsonCell value={row[column.name]} column={column} />),
      )}
    />
  );
}

function Costs({ product: { since, costs } }: { readonly product: SeenProduct }) {
  if (costs.refreshes === 0) return <Empty>No refresh was measured since {since}.</Empty>;
  return (
    <Facts
      of={[
        ['since', since],
        ['refreshes', count(costs.refreshes)],
        ['time', duration(costs.wallMs)],
        ['processor time', costs.cpuMs === null ? '—' : duration(costs.cpuMs)],
        ['bytes read', costs.readBytes === null ? '—' : count(costs.readBytes)],
        ['bytes written', `${count(costs.writtenBytes)}, ${plural(costs.writtenRows, 'row')}`],
      ]}
    />
  );
}

function Readers({
  since,
  reads,
}: {
  readonly since: string;
  readonly reads: NonNullable<SeenProduct['reads']>;
}) {
  return (
    <>
      <h2>Who read it</h2>
      {reads.length === 0 ? (
        <Empty>Nobody, since {since}, as far as Assay knows: who reads the files is not seen.</Empty>
      ) : (
        <>
          <p>
            {plural(readersOf(reads).length, 'reader')} since {since}.
          </p>
          <Table
            caption="Reads by day"
            columns={['day', 'who', 'by way of', 'reads#']}
            rows={reads.map(({ day, by, way, reads: times }) => [day, by, way, count(times)])}
          />
        </>
      )}
    </>
  );
}
