import { openColumns } from '../contract/open-columns.ts';
import { withScratchEngine } from '../engine/with-scratch-engine.ts';
import type { Effects } from '../ports.ts';
import { jsonValue } from '../query/json-value.ts';
import { tablePage } from '../query/table-page.ts';
import { publishedContract } from '../stages/kept-contracts.ts';
import { readPointer } from '../table/pointer.ts';
import type { ProductContract } from './data-product.ts';

/** A few rows of a product, in the order of its key. */
export interface Sample {
  /** Public and internal columns alone. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/**
 * The first rows of a product, as it is published. Columns that are personal or confidential, by the contract under which
 * it was published or by today's, are not read. Empty where nothing was published, or where the contract wants no sample.
 */
export async function sampleRows(effects: Effects, contract: ProductContract): Promise<Sample> {
  const { layer, dataset, product } = contract;
  if (layer === 'silver' || product.sampleRows === 0) return NONE;
  if ((await readPointer(effects.objects, layer, dataset)) === undefined) return NONE;
  const published = await publishedContract(effects.objects, contract);
  const [then, now] = [openColumns(published), openColumns(contract)];
  const named = new Set(contract.columns.map(({ name }) => name));
  const open = [...then].filter((name) => !named.has(name) || now.has(name));
  if (open.length === 0) return NONE;
  return await withScratchEngine(effects, 'sample', async (engine) => {
    const page = await tablePage(engine, effects, {
      contract: published,
      layer,
      filters: [],
      order: [],
      asOf: { kind: 'now' },
      // Who sees nothing sensitive: not even the order of the rows tells of it.
      reader: { schemas: new Set([layer]), ops: new Set(), hidden: new Set(['personal', 'confidential']) },
      columns: open,
      limit: product.sampleRows,
    });
    const shown = page.columns.flatMap((column, at) =>
      open.includes(column.name) ? [{ ...column, at }] : [],
    );
    return {
      columns: shown.map(({ name, type }) => ({ name, type })),
      rows: page.rows.map((row) =>
        Object.fromEntries(shown.map((column) => [column.name, jsonValue(row[column.at] ?? null, column)])),
      ),
    };
  });
}

const NONE: Sample = { columns: [], rows: [] };
