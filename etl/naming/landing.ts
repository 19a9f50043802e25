import { hashOf, safeFileName } from './bronze.ts';
import { datasetPath, NAME } from './datasets.ts';

/** Keys of files that sources drop to be protected, in a bucket of their own. They are made in this folder and nowhere else. */

/** What was sent to the service and is not brought in yet lies under this prefix, each under an id: protect leaves it alone. */
export const SENT_PREFIX = 'service-uploads/';

/** `shop.customers`, an id, `june.csv` → `shop/customers/<id>/june.csv`: what protect takes up. */
export const landingKey = (dataset: string, id: string, name: string): string =>
  `${datasetPath(dataset)}/${id}/${safeFileName(name)}`;

/** What was done of a file that several calls protect, one after the other; names of files may name people. */
export const LANDING_PROGRESS_PREFIX = 'ops/landing/';

export const landingProgressKey = (key: string): string =>
  `${LANDING_PROGRESS_PREFIX}${hashOf(key, 64)}.json`;

/** `shop/customers/2026/june.csv` → `shop.customers`; undefined for what lies in no dataset's folder. */
export function datasetOfLandingKey(key: string): string | undefined {
  const [domain = '', name = '', ...rest] = key.split('/');
  const isFile = rest.length > 0 && rest.at(-1) !== '';
  return isFile && NAME.test(domain) && NAME.test(name) ? `${domain}.${name}` : undefined;
}
