import type { DataProduct } from '../../etl/products/data-product.ts';
import type { ProductUse } from '../../etl/products/product-use.ts';
import { readersOf } from '../../etl/products/product-use.ts';
import type { Sample } from '../../etl/products/sample-rows.ts';
import { count, duration, plural, size, time } from './format.ts';
import { printable } from './printable.ts';
import { table } from './table.ts';

/** A product as the list has it. */
export interface ListedProduct extends DataProduct {
  readonly publishedAt: string | null;
  /** What is not well, a sentence each. */
  readonly ailments: readonly string[];
  readonly use: ProductUse;
}

/** A product by itself. */
export interface ShownProduct extends ListedProduct {
  readonly sample: Sample;
}

/** The products, one a line, with who reads them and what they cost. */
export function productTable(products: readonly ListedProduct[]): string {
  if (products.length === 0)
    return 'There is no data product yet: assay.product in the contract of a Gold table or projection makes it one.';
  const numbers = ['reads', 'readers', 'refreshes', 'time', 'written'] as const;
  return table(
    [
      ...['product', 'owner', 'version', 'status', 'published'].map((name) => ({ name })),
      ...numbers.map((name) => ({ name, align: 'right' as const })),
    ],
    products.map(({ dataset, owner, version, status, publishedAt, use: { reads, costs } }) => [
      ...[dataset, owner, version, status, publishedAt === null ? 'never' : time(publishedAt)],
      count(reads.reduce((sum, line) => sum + line.reads, 0)),
      count(readersOf(reads).length),
      count(costs.refreshes),
      duration(costs.wallMs),
      size(costs.writtenBytes),
    ]),
    { indent: 0 },
  );
}

/** Everything about one product. */
export function productPage(product: ShownProduct): string {
  const { dataset, title, description, promises, access, deprecated, use } = product;
  const facts: readonly (readonly [string, string])[] = [
    ['owner', product.owner],
    ['version', `${product.version}, ${product.status}`],
    ['table', product.table],
    ['published', product.publishedAt === null ? 'never' : time(product.publishedAt)],
    [
      'promised',
      promises.map(({ property, value, unit = '' }) => `${property} ${value} ${unit}`.trim()).join(', '),
    ],
    [
      'ends',
      deprecated === null
        ? ''
        : `${deprecated.until}${deprecated.use === undefined ? '' : `, then ${deprecated.use}`}`,
    ],
    ['made of', product.inputs.map((input) => `${input.dataset} ${input.version}`).join(', ')],
    ['read by', access.roles.join(', ')],
    [
      'masked',
      access.sensitiveColumns.length === 0
        ? ''
        : `${access.sensitiveColumns.join(', ')} for ${access.maskedFor.join(', ')}`,
    ],
    ['data groups', access.dataGroups.join(', ')],
    ['ask at', access.ask ?? ''],
    ['documentation', product.documentation.join(', ')],
    ['support', product.support === null ? '' : `${product.support.channel}, ${product.support.url}`],
  ];
  const said = facts.filter(([, value]) => value !== '');
  const wide = Math.max(...said.map(([name]) => name.length));
  return [
    printable(title === dataset ? dataset : `${title} (${dataset})`),
    printable(description),
    said.map(([name, value]) => printable(`  ${name.padEnd(wide)}  ${value}`)).join('\n'),
    ...(product.ailments.length === 0
      ? []
      : [`Not well:\n${product.ailments.map((one) => printable(`  ${one}`)).join('\n')}`]),
    readsText(product),
    costsText(use.costs),
    sampleText(product),
  ].join('\n\n');
}

function readsText({ use: { since, reads } }: ShownProduct): string {
  if (reads.length === 0) return `Nobody read it since ${since}, as far as Assay knows.`;
  const rows = reads.map((line) => [line.day, line.by, line.way, count(line.reads)]);
  const columns = ['day', 'who', 'by way of'].map((name) => ({ name }));
  return `Read since ${since}:\n${table([...columns, { name: 'reads', align: 'right' }], rows)}`;
}

function costsText({
  refreshes,
  wallMs,
  cpuMs,
  readBytes,
  writtenBytes,
  writtenRows,
}: ShownProduct['use']['costs']): string {
  if (refreshes === 0) return 'No refresh of it was measured in that time.';
  const cpu = cpuMs === null ? '' : `, ${duration(cpuMs)} of processor time`;
  const read = readBytes === null ? '' : `, read ${size(readBytes)}`;
  return `${plural(refreshes, 'refresh', 'refreshes')} took ${duration(wallMs)}${cpu}${read} and wrote ${size(writtenBytes)} with ${plural(writtenRows, 'row')}.`;
}

function sampleText({ sample: { columns, rows } }: ShownProduct): string {
  if (rows.length === 0) return 'No sample: nothing is published, or no column may be shown.';
  return `A sample:\n${table(
    columns.map(({ name }) => ({ name })),
    rows.map((row) => columns.map(({ name }) => shown(row[name]))),
  )}`;
}

const shown = (value: unknown): string =>
  value === null || value === undefined
    ? ''
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);
