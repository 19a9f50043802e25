import { linkTo } from './dataset-page.ts';
import { deprecationText, modeText } from './events-section.ts';
import { html, page, table, text } from './html.ts';
import type { ListedEvents, ListedSchema } from './listed-events.ts';

/** The address of the page of all events beside the others. */
export const EVENTS_ADDRESS = 'events.html';

/** The page of all events: whose they are, where they come from, by which schemas, and how they are checked. */
export function eventsPage(all: readonly ListedEvents[], pages: ReadonlySet<string>, note: string): string {
  const body = html`<nav><a href="index.html">All datasets</a></nav>
<h1>Events</h1>
<p>${text(`Events of ${all.length} ${all.length === 1 ? 'dataset' : 'datasets'}, and how each of them is checked.`)}</p>
${table(
  ['dataset', 'what it is', 'owners', 'from', 'schemas', 'producers', 'what follows a failure', 'ends'],
  all.map((one) => [
    pages.has(one.dataset) ? linkTo(one.dataset) : html`${text(one.dataset)}`,
    html`${text(one.description)}`,
    html`${text(one.owners.join(', '))}`,
    html`${text(one.sources.map(({ from }) => from).join('; '))}`,
    html`${text(one.schemas.map(schemaText).join('; '))}`,
    html`${text(one.producers.join('; '))}`,
    html`${text(modeText(one))}`,
    html`${text(one.deprecated === undefined ? '' : deprecationText(one.deprecated))}`,
  ]),
)}`;
  return page('Events', body, note);
}

const schemaText = ({ id, until }: ListedSchema): string =>
  until === undefined ? id : `${id} (until ${until})`;
