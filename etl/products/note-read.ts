import { loadContracts } from '../contract/load-contracts.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { productContracts } from './data-product.ts';
import { keepReads } from './read-book.ts';
import { dayOf, type ReadWay } from './read-log.ts';

/** What somebody reads: a dataset, or all tables that a text in SQL names. */
export type WhatIsRead = { readonly dataset: string } | { readonly sql: string };

/**
 * Keeps that somebody reads data products: who, on which day, by which way, which products, and nothing of what was asked
 * or answered. Of other tables nothing is kept. Rejects where it can't be kept.
 */
export async function noteRead(
  effects: Pick<Effects, 'contracts' | 'objects' | 'clock'>,
  { by, way }: { readonly by: string; readonly way: ReadWay },
  what: WhatIsRead,
): Promise<void> {
  const products = productContracts(await loadContracts(effects.contracts));
  const isRead = 'dataset' in what ? (dataset: string) => dataset === what.dataset : undefined;
  const text = 'sql' in what ? plainSql(what.sql) : '';
  const read = products.filter(({ dataset, layer }) =>
    isRead === undefined ? names(text, tableName(layer, dataset)) : isRead(dataset),
  );
  if (read.length === 0) return;
  const day = dayOf(effects.clock.now());
  await keepReads(
    effects.objects,
    { day, by, way },
    read.map(({ dataset }) => dataset),
  );
}

/** SQL without texts, comments and quotes of names, in lower case, with nothing around dots. */
const plainSql = (sql: string): string =>
  sql
    .replace(/'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
    .toLowerCase()
    .replaceAll('"', '')
    .replace(/\s*\.\s*/g, '.');

/** Whether a text has a table's name as a whole. */
function names(text: string, table: string): boolean {
  for (let at = text.indexOf(table); at >= 0; at = text.indexOf(table, at + 1)) {
    const around = `${text[at - 1] ?? ' '}${text[at + table.length] ?? ' '}`;
    if (!/[\w]/.test(around)) return true;
  }
  return false;
}
