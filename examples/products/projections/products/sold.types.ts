// Written by 'assay contracts types' from the contracts of products.events and products.sold: change those.

/** An event of products.events. Dates are 'YYYY-MM-DD', times 'YYYY-MM-DDTHH:MM:SS.ffffffZ', decimals exact text. */
export interface Event {
  /** Which event it is. Ids grow with time. */
  readonly event_id: string;
  /** Whose product and which: the stream. */
  readonly customer_product_id: string;
  /** The how-manyth event of the stream it is, from 1. */
  readonly version: bigint;
  /** What happened. */
  readonly event_type: string;
  /** When it happened. */
  readonly happened_at: string;
  /** Number of the customer. */
  readonly customer: string;
  /** What was sold. */
  readonly product: string;
  /** Where it was sold; of other events there is none. */
  readonly channel: string | null;
  /** What it costs a month from then on; of events that change no price there is none. */
  readonly monthly_price: string | null;
  /** Why it happened, in the words of who sold, changed or ended it. */
  readonly reason: string;
}

/** A row of products.sold; customer_product_id is filled in. */
export interface Row {
  /** What was sold. */
  readonly product: string;
  /** Where it was sold. */
  readonly channel?: string | null;
  /** When it was sold. */
  readonly sold_at: string;
  /** Why it was sold. */
  readonly sold_because: string;
  /** When it was cancelled; nothing while it goes on. */
  readonly ended_at?: string | null;
  /** Why it was cancelled. */
  readonly ended_because?: string | null;
}

declare global {
  /** Exact sums and comparisons of decimals, which are text. */
  var decimal: {
    add(a: string, b: string): string;
    sub(a: string, b: string): string;
    mul(a: string, b: string): string;
    compare(a: string, b: string): -1 | 0 | 1;
  };
}
