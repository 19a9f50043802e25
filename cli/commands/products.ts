import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { checkHealth } from '../../etl/operations/check-health.ts';
import {
  type DataProduct,
  dataProduct,
  type ProductContract,
  productContracts,
  requireProduct,
} from '../../etl/products/data-product.ts';
import { odpsOf } from '../../etl/products/odps.ts';
import { productUse } from '../../etl/products/product-use.ts';
import { sampleRows } from '../../etl/products/sample-rows.ts';
import { accessOf } from '../../service/products/access-of.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLakeOf } from '../open-lake.ts';
import { type ListedProduct, productPage, productTable, type ShownProduct } from '../print/products.ts';

/** `assay products`: the data products, who reads them and what they cost. */
export const products: Command = {
  name: 'products',
  usage: '[DATASET] [--odps] [--lake DIR]',
  description: `Lists the data products: Gold tables and projections whose contracts have assay.product. Of each: owner, version, status, when it
was published, how often it was read in the last 30 days and by how many, and what its refreshes took. With DATASET: all of
that, what it promises, who may read it, who did, and a sample without values of personal or confidential columns. With --odps: its descriptor
by the Open Data Product Standard.`,
  options: { odps: { type: 'boolean', help: 'print the descriptor of the product, in JSON' } },
  examples: [
    'assay products',
    'assay products finance.account_balances',
    'assay products finance.account_balances --odps',
  ],
  positionals: { min: 0, max: 1, name: 'DATASET' },
  async run(args, io) {
    const { effects } = await openLakeOf(args, io);
    const loaded = await loadContracts(effects.contracts);
    const told = (contract: ProductContract): DataProduct =>
      dataProduct(contract, loaded, { now: effects.clock.now(), accessOf });
    const [dataset] = args.positionals;
    if (dataset === undefined) {
      const all: ListedProduct[] = [];
      for (const contract of productContracts(loaded)) {
        const { publishedAt, ailments } = await checkHealth(effects, contract);
        const use = await productUse(effects, contract);
        all.push({ ...told(contract), publishedAt, ailments: ailments.map(({ what }) => what), use });
      }
      io.out(args.has('json') ? JSON.stringify({ products: all }, null, 2) : productTable(all));
      return EXIT.ok;
    }
    const contract = requireProduct(loaded, dataset);
    if (args.has('odps')) {
      io.out(JSON.stringify(odpsOf(told(contract)), null, 2));
      return EXIT.ok;
    }
    const { publishedAt, ailments } = await checkHealth(effects, contract);
    const one: ShownProduct = {
      ...told(contract),
      ...{ publishedAt, ailments: ailments.map(({ what }) => what) },
      use: await productUse(effects, contract),
      sample: await sampleRows(effects, contract),
    };
    io.out(args.has('json') ? JSON.stringify(one, null, 2) : productPage(one));
    return EXIT.ok;
  },
};
