import { headerWords } from './words.ts';

/** A dataset's two names. */
export interface DatasetName {
  readonly domain: string;
  readonly name: string;
}

/**
 * A dataset's name from the path of one of its files, '/'-separated: the words of the file's name, or where it has
 * none, as `2010-12.csv`, of the folder; the folder above is the domain. `inbox` and `records` where nothing is left.
 */
export function datasetNameOf(file: string): DatasetName {
  const steps = file.split('/').filter((step) => step !== '');
  const stem = (steps.pop() ?? '').replace(/(\.[A-Za-z]{2,4})+$/, '');
  const [name = 'records', domain = 'inbox'] = [stem, ...steps.reverse()]
    .map(plain)
    .filter((text) => text !== '');
  return { domain, name };
}

/** The words of a text without digits, as `payments` of `payments_2024-01`. */
function plain(text: string): string {
  const words = headerWords(text).map((word) => word.replace(/[^a-z]/g, ''));
  return words.filter((word) => word !== '').join('_');
}
