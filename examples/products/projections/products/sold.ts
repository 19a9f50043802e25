import type { Event, Row } from './sold.types.ts';

interface Sale {
  readonly product: string;
  readonly channel: string | null;
  readonly sold_at: string;
  readonly sold_because: string;
  readonly ended_at: string | null;
  readonly ended_because: string | null;
}

export const initial: Sale | null = null;

/** The sale that a stream begins with, and how it ended. */
export function apply(sale: Sale | null, event: Event): Sale | null {
  const { event_type: type, product, channel, happened_at: at, reason } = event;
  if (type === 'customer_product.sold')
    return { product, channel, sold_at: at, sold_because: reason, ended_at: null, ended_because: null };
  if (sale === null || type !== 'customer_product.cancelled') return sale;
  return { ...sale, ended_at: at, ended_because: reason };
}

export function rows(sale: Sale | null): Row[] {
  return sale === null ? [] : [sale];
}
