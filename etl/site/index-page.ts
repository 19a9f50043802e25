import { type DatasetFacts, freshness, linkTo } from './dataset-page.ts';
import { EVENTS_ADDRESS } from './events-page.ts';
import { type Html, html, page, table, text } from './html.ts';
import { PRODUCTS_ADDRESS } from './products-page.ts';

/** The first page: every dataset, who owns it, how fresh and how well it is. */
export function indexPage(
  facts: readonly DatasetFacts[],
  note: string,
  has: { readonly events: boolean; readonly products: boolean },
): string {
  const body = html`<h1>Datasets</h1>
<p>${text(summary(facts))}</p>
${has.events ? html`<nav><a href="${text(EVENTS_ADDRESS)}">All events</a></nav>` : html``}
${has.products ? html`<nav><a href="${text(PRODUCTS_ADDRESS)}">Data products</a></nav>` : html``}
${table(['dataset', 'layer', 'what it is', 'owner', 'published', 'state', 'personal columns'], facts.map(row))}`;
  return page('Datasets', body, note);
}

function row(one: DatasetFacts): Html[] {
  const { contract, state } = one;
  const personal = contract.columns.filter(({ classification }) => classification === 'personal');
  const ails = state?.ailments.length ?? 0;
  return [
    linkTo(contract.dataset),
    html`${text(contract.layer)}`,
    html`${text(contract.description)}`,
    html`${text(contract.owner)}`,
    html`${text(freshness(one))}`,
    html`${text(state === undefined ? '' : ails === 0 ? '✓ well' : `✗ ${state.ailments.map(({ code }) => code).join(', ')}`)}`,
    html`${text(personal.map(({ name }) => name).join(', '))}`,
  ];
}

function summary(facts: readonly DatasetFacts[]): string {
  const looked = facts.filter(({ state }) => state !== undefined);
  const well = looked.filter(({ state }) => state?.ailments.length === 0).length;
  const all = `${facts.length} dataset${facts.length === 1 ? '' : 's'}`;
  return looked.length === 0
    ? `${all}; from the contracts alone, no lake was looked at.`
    : `${well} of ${all} are well.`;
}
