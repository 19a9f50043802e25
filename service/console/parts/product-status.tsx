import type { ListedProduct } from '../../products/see-product.ts';
import { Status } from './status.tsx';

/** Whether a product may be relied on: its status, and whether something is not well. */
export function ProductStatus({
  product: { status, ailments },
}: {
  readonly product: Pick<ListedProduct, 'status' | 'ailments'>;
}) {
  if (status === 'retired') return <Status mood="bad" word="retired" />;
  if (ailments.length > 0) return <Status mood="bad" word={`${status}, not well`} />;
  return <Status mood={status === 'deprecated' ? 'wait' : 'good'} word={status} />;
}
