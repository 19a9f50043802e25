import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import { productContracts } from '../../../etl/products/data-product.ts';
import { listedProduct } from '../../products/see-product.ts';
import { productAt } from '../addresses.ts';
import type { Page } from '../page.ts';
import { Empty, Table } from '../parts/facts.tsx';
import { ProductStatus } from '../parts/product-status.tsx';
import { plural, Time } from '../parts/text.tsx';

/** Every data product: whose it is, what it is for, and whether it does as promised. */
export const products: Page = {
  path: '/products',
  permission: 'catalogue.read',
  async render({ service }) {
    const loaded = await loadContracts(service.lake.effects.contracts);
    const all = await Promise.all(
      productContracts(loaded).map((contract) => listedProduct(contract, loaded, service)),
    );
    const ending = all.filter(({ deprecated }) => deprecated !== null).length;
    return {
      title: 'Products',
      body: (
        <>
          <h1>
            {plural(all.length, 'data product')}
            {ending > 0 ? `; ${ending} of them ${ending === 1 ? 'ends' : 'end'}` : ''}.
          </h1>
          {all.length === 0 ? (
            <Empty>
              A data product is a table that its owner publishes for others: write <code>assay.product</code>{' '}
              into the contract of a Gold table or a projection.
            </Empty>
          ) : (
            <Table
              caption="Data products"
              columns={['product', 'what it is', 'owner', 'version', 'status', 'published', 'ends']}
              rows={all.map((one) => [
                <a href={productAt(one.dataset)}>{one.title}</a>,
                one.description,
                one.owner,
                one.version,
                <ProductStatus product={one} />,
                <Time at={one.publishedAt} />,
                one.deprecated?.until ?? '',
              ])}
            />
          )}
        </>
      ),
    };
  },
};
