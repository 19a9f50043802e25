import type { DataProduct } from '../products/data-product.ts';
import { linkTo } from './dataset-page.ts';
import { deprecationText } from './events-section.ts';
import { html, page, table, text } from './html.ts';

/** The address of the page of all data products beside the others. */
export const PRODUCTS_ADDRESS = 'products.html';

/** The page of all data products: what they are, whose, what they promise, where to ask, and when they end. */
export function productsPage(products: readonly DataProduct[], note: string): string {
  const body = html`<nav><a href="index.html">All datasets</a></nav>
<h1>Data products</h1>
<p>${text(`${products.length} ${products.length === 1 ? 'table is' : 'tables are'} published for others.`)}</p>
${table(
  [
    'product',
    'table',
    'what it is',
    'owner',
    'version',
    'status',
    'promises',
    'roles that see it',
    'ask',
    'read on',
    'ends',
  ],
  products.map((one) => [
    html`${text(one.title)}`,
    linkTo(one.dataset),
    html`${text(one.description)}`,
    html`${text(one.owner)}`,
    html`${text(one.version)}`,
    html`${text(one.status)}`,
    html`${text(promisesText(one))}`,
    html`${text(one.access.roles.join(', '))}`,
    html`${text([one.access.ask, one.support?.channel].filter((where) => where).join('; '))}`,
    html`${text(one.documentation.join('; '))}`,
    html`${text(one.deprecated === null ? '' : deprecationText(one.deprecated))}`,
  ]),
)}`;
  return page('Data products', body, note);
}

/** `latency 1 d, frequency 1 m`. */
const promisesText = ({ promises }: DataProduct): string =>
  promises.map(({ property, value, unit = '' }) => `${property} ${value} ${unit}`.trim()).join(', ');
