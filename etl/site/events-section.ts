import type { Deprecation } from '../contract/contract.ts';
import { type Html, html, table, text } from './html.ts';
import type { ListedEvents } from './listed-events.ts';

/** What a dataset's page says of its events. */
export function eventsSection(events: ListedEvents | undefined): Html {
  if (events === undefined) return html``;
  const facts: readonly (readonly [string, string])[] = [
    ['owners', events.owners.join(', ')],
    ['policy', events.policyVersion === undefined ? (events.why ?? '') : `version ${events.policyVersion}`],
    ['what follows a failure', modeText(events)],
    ...(events.tier === undefined ? [] : [['tier', events.tier] as const]),
    ...(events.columns === undefined ? [] : [['columns', columnsText(events.columns)] as const]),
    ['producers', events.producers.join('; ') || 'nobody is named'],
  ];
  return html`<h2>Events</h2>
${table(
  ['what', ''],
  facts.map(([what, value]) => [html`${text(what)}`, html`${text(value)}`]),
)}
${table(
  ['from', 'which of them', 'confidence'],
  events.sources.map(({ from, where, confidence }) => [
    html`${text(from)}`,
    html`${text(where ?? 'all')}`,
    html`${text(confidence)}`,
  ]),
)}
${table(
  ['schema', 'used where none is named', 'ends'],
  events.schemas.map(({ id, isDefault, until }) => [
    html`<code>${text(id)}</code>`,
    html`${text(isDefault ? 'yes' : 'no')}`,
    html`${text(until ?? '')}`,
  ]),
)}
${table(
  ['gate', 'holds events to'],
  events.gates.map(({ gate, holds }) => [html`${text(gate)}`, html`${text(holds)}`]),
)}`;
}

/** `until 2027-03-31; then orders.placed: merged with carts`. */
export const deprecationText = ({ until, use, why }: Deprecation): string =>
  `until ${until}${use === undefined ? '' : `; then ${use}`}${why === undefined ? '' : `: ${why}`}`;

/** `quarantine on fail`, and why where the safe default holds. */
export const modeText = ({ mode, why }: ListedEvents): string =>
  `${mode.toLowerCase().replaceAll('_', ' ')}${why === undefined ? '' : ` (${why}: the safe default)`}`;

/** `stream order_id, type kind, at placed_at, version n, id event_id`. */
export const columnsText = (columns: NonNullable<ListedEvents['columns']>): string =>
  Object.entries(columns)
    .map(([what, column]) => `${what} ${column}`)
    .join(', ');
