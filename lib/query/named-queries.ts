import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Contract } from '../../etl/contract/contract.ts';
import { parseDataset } from '../../etl/naming/datasets.ts';

/** A query that analysts find ready in Athena. */
export interface NamedQuery {
  /** `freshness: spend.council_payments`, or `balances at month end`. */
  readonly name: string;
  /** The comment at the head of its file. */
  readonly description: string;
  readonly sql: string;
}

/** Longest description that Athena takes. */
const DESCRIPTION_LENGTH = 1024;

/**
 * The queries of a folder with the names of one deployment put in: `{{prefix}}` is the databases' prefix. A file that
 * says `{{table}}` or `{{dataset}}` becomes one query a dataset with source files. Throws on a placeholder that it
 * doesn't know.
 */
export function readNamedQueries(
  folder: string,
  prefix: string,
  contracts: readonly Contract[],
): NamedQuery[] {
  const datasets = contracts.filter(({ layer }) => layer === 'silver').map(({ dataset }) => dataset);
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort();
  return files.flatMap((file) => {
    const text = readFileSync(path.join(folder, file), 'utf8').trim();
    const title = file.slice(0, -'.sql'.length).replaceAll('_', ' ');
    if (!/\{\{(table|dataset)\}\}/.test(text)) return [namedQuery(title, text, { prefix })];
    return datasets.map((dataset) => {
      const { domain, name } = parseDataset(dataset);
      return namedQuery(`${title}: ${dataset}`, text, { prefix, dataset, table: `${domain}_${name}` });
    });
  });
}

function namedQuery(name: string, text: string, values: Readonly<Record<string, string>>): NamedQuery {
  const sql = text.replace(/\{\{(\w+)\}\}/g, (place, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`${name}: nothing is known to put in for ${place}.`);
    return value;
  });
  const head = /^(?:--.*\n)+/.exec(sql)?.[0] ?? '';
  const description = head.replace(/^-- ?/gm, '').replaceAll('\n', ' ').trim().slice(0, DESCRIPTION_LENGTH);
  return { name, description, sql };
}
