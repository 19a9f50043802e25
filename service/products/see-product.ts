import type { LoadedContracts } from '../../etl/contract/load-contracts.ts';
import { type DataProduct, dataProduct, type ProductContract } from '../../etl/products/data-product.ts';
import { productUse } from '../../etl/products/product-use.ts';
import type { ReadLine } from '../../etl/products/read-log.ts';
import type { RefreshCosts } from '../../etl/products/refresh-costs.ts';
import { type Sample, sampleRows } from '../../etl/products/sample-rows.ts';
import { type Identity, isAllowed, isOwner } from '../identity/identity.ts';
import { readerOf } from '../identity/reader.ts';
import type { Service } from '../service.ts';
import { accessOf } from './access-of.ts';

/** A product with how it does. */
export interface ListedProduct extends DataProduct {
  readonly publishedAt: string | null;
  /** What is not well, a sentence each. */
  readonly ailments: readonly string[];
}

/** A product as one person sees it. */
export interface SeenProduct extends ListedProduct {
  /** The first of the days of `costs` and `reads`. */
  readonly since: string;
  readonly costs: RefreshCosts;
  /** Null for who may not see who read it. */
  readonly reads: readonly ReadLine[] | null;
  /** Null for who may not read the table. */
  readonly sample: Sample | null;
}

/** A product, by contracts alone. */
export const toldProduct = (
  contract: ProductContract,
  loaded: LoadedContracts,
  { lake }: Pick<Service, 'lake'>,
): DataProduct => dataProduct(contract, loaded, { now: lake.effects.clock.now(), accessOf });

/** A product as lists show it. */
export async function listedProduct(
  contract: ProductContract,
  loaded: LoadedContracts,
  service: Service,
): Promise<ListedProduct> {
  const { health } = await service.health(contract);
  const ailments = health.ailments.map(({ what }) => what);
  return { ...toldProduct(contract, loaded, service), publishedAt: health.publishedAt, ailments };
}

/**
 * A product as somebody sees it: who read it is for its owners and those who see what people decided, a sample for those
 * who may read it.
 */
export async function seenProduct(
  contract: ProductContract,
  loaded: LoadedContracts,
  { identity, service }: { readonly identity: Identity; readonly service: Service },
): Promise<SeenProduct> {
  const { effects } = service.lake;
  const { since, reads, costs } = await productUse(effects, contract);
  const seesReaders = isAllowed(identity, 'decisions.read', service) || isOwner(identity, [contract.owner]);
  const mayRead = readerOf(identity).schemas.has(contract.layer);
  return {
    ...(await listedProduct(contract, loaded, service)),
    ...{ since, costs },
    reads: seesReaders ? reads : null,
    sample: mayRead ? await sampleRows(effects, contract) : null,
  };
}
