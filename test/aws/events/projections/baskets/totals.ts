interface Event {
  readonly kind: string;
  readonly price: string | null;
  readonly happened: string;
}
interface Basket {
  readonly items: number;
  readonly total: string;
  readonly ordered_at: string | null;
}
declare const decimal: { add(a: string, b: string): string };

export const initial: Basket = { items: 0, total: '0', ordered_at: null };

/** What an event makes of a basket: its row as well. */
export function apply(basket: Basket, { kind, price, happened }: Event): Basket {
  if (kind === 'ordered') return { ...basket, ordered_at: happened };
  if (kind !== 'added') return basket;
  return { ...basket, items: basket.items + 1, total: decimal.add(basket.total, price ?? '0') };
}
