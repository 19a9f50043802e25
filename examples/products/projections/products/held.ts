import type { Event, Row } from './held.types.ts';

interface Held {
  readonly customer: string;
  readonly product: string;
  readonly status: 'active' | 'paused' | 'cancelled';
  readonly monthly_price: string;
  readonly changes: number;
}

/** Nothing is held before something was sold. */
export const initial: Held | null = null;

/** What an event makes of what a customer has. Of a stream whose beginning has not come yet nothing is known. */
export function apply(held: Held | null, event: Event): Held | null {
  const { event_type: type, customer, product, monthly_price } = event;
  if (type === 'customer_product.sold')
    return { customer, product, status: 'active', monthly_price: monthly_price ?? '0', changes: 0 };
  if (held === null) return null;
  switch (type) {
    case 'customer_product.repriced':
      return { ...held, monthly_price: monthly_price ?? held.monthly_price, changes: held.changes + 1 };
    case 'customer_product.paused':
      return { ...held, status: 'paused' };
    case 'customer_product.resumed':
      return { ...held, status: 'active' };
    case 'customer_product.cancelled':
      return { ...held, status: 'cancelled' };
    default:
      return held;
  }
}

export function rows(held: Held | null): Row[] {
  return held === null ? [] : [held];
}
