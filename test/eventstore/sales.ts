import { contractText } from '../stages/contract-text.ts';

/** An event of a sale, as its file has it. */
export interface SaleEvent {
  readonly event: string;
  readonly sale: string;
  readonly nr: number;
  readonly what: string;
  readonly at: string;
  readonly amount: string;
}

/** A contract of events of sales, with more `assay.*` properties, or others. */
export function salesEvents(
  assay: Readonly<Record<string, unknown>> = {},
  idType: 'string' | 'integer' = 'string',
): string {
  return contractText({
    dataset: 'shop.sales',
    columns: [
      { name: 'event', type: idType, required: true },
      { name: 'sale', required: true },
      { name: 'nr', type: 'integer', required: true },
      { name: 'what', required: true },
      { name: 'at', type: 'timestamp', required: true },
      { name: 'amount', type: 'number', physicalType: 'DECIMAL(12,2)' },
    ],
    assay: {
      limits: { maxQuarantineRate: 1, maxCondemned: 100_000, breakerErrors: 100_000 },
      measures: [{ column: 'amount' }],
      events: { stream: 'sale', type: 'what', at: 'at', version: 'nr', id: 'event' },
      ...assay,
    },
  });
}

/** A file of events. */
export function saleFile(events: readonly SaleEvent[]): string {
  const line = (one: SaleEvent): string =>
    [one.event, one.sale, one.nr, one.what, one.at, one.amount].join(',');
  return `event,sale,nr,what,at,amount\n${events.map((one) => `${line(one)}\n`).join('')}`;
}

/** An event with most of what it has made from its sale, version and id. */
export function saleEvent(sale: string, nr: number, event: string, amount = '1.00'): SaleEvent {
  return { event, sale, nr, what: 'sold', at: `2024-0${1 + (nr % 3)}-05T10:00:00Z`, amount };
}
