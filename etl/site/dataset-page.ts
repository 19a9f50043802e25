import { checkText } from '../contract/check-text.ts';
import type { Contract } from '../contract/contract.ts';
import { keyText } from '../contract/record-key.ts';
import type { Ailment } from '../operations/ailment.ts';
import type { CatalogTable } from '../query/catalog.ts';
import type { RunRecord } from '../stages/outcomes.ts';
import { deprecationText, eventsSection } from './events-section.ts';
import { type Html, html, page, table, text } from './html.ts';
import type { ListedEvents } from './listed-events.ts';

/** What a page tells of a dataset. */
export interface DatasetFacts {
  readonly contract: Contract;
  readonly table: CatalogTable;
  /** Undefined where there is no lake. */
  readonly state: { readonly publishedAt: string | null; readonly ailments: readonly Ailment[] } | undefined;
  /** Newest first. */
  readonly runs: readonly RunRecord[];
  /** Datasets that it is made of, and those made of it. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Undefined where no events come for it. */
  readonly events: ListedEvents | undefined;
}

/** The address of a dataset's page beside the others. */
export const addressOf = (dataset: string): string => `${dataset}.html`;

/** A link to a dataset's page. */
export const linkTo = (dataset: string): Html =>
  html`<a href="${text(addressOf(dataset))}">${text(dataset)}</a>`;

/** `published 2024-05-01 09:30 UTC`, or that nothing was. */
export function freshness({ state }: DatasetFacts): string {
  if (state === undefined) return 'not looked at';
  return state.publishedAt === null
    ? 'nothing published'
    : `${state.publishedAt.slice(0, 16).replace('T', ' ')} UTC`;
}

/** A dataset's page. */
export function datasetPage(facts: DatasetFacts, note: string): string {
  const { contract, state } = facts;
  const ails = state?.ailments ?? [];
  const body = html`<nav><a href="index.html">All datasets</a></nav>
<h1>${text(contract.dataset)}</h1>
<p>${text(contract.description)}</p>
${table(
  ['what', ''],
  [
    ['owner', contract.owner],
    ['layer', contract.layer],
    ['contract version', contract.version],
    ['published', freshness(facts)],
    ['table', facts.table.name],
    ['key', keyText(contract)],
    ...(contract.deprecated === undefined ? [] : [['promised', deprecationText(contract.deprecated)]]),
  ].map(([what = '', value = '']) => [html`${text(what)}`, html`${text(value)}`]),
)}
${ails.length === 0 ? ('' as Html) : html`<h2>Not well</h2><ul>${ails.map(({ what }) => html`<li>${text(what)}</li>`)}</ul>`}
<h2>Columns</h2>
${columnTable(facts)}
${rulesOf(contract)}
${eventsSection(facts.events)}
<h2>Quality</h2>
${runTable(facts)}
<h2>Lineage</h2>
<p>Made of: ${listOf(facts.inputs, contract.layer === 'silver' ? 'source files' : 'nothing')}. Used by: ${listOf(facts.outputs, 'no other dataset')}.</p>
<h2>Ask</h2>
<pre>assay query "SELECT * FROM ${text(facts.table.name)} LIMIT 10"</pre>`;
  return page(contract.dataset, body, note);
}

function listOf(datasets: readonly string[], none: string): Html {
  if (datasets.length === 0) return html`${text(none)}`;
  return html`${datasets.map((one, n) => html`${text(n === 0 ? '' : ', ')}${linkTo(one)}`)}`;
}

function columnTable({ contract, table: { columns } }: DatasetFacts): Html {
  return table(
    ['column', 'type', 'may be missing', 'classification', 'what it is', 'checks'],
    columns.map(({ name, type, isNullable, isKey, classification, description }) => {
      const checks = contract.columns.find((column) => column.name === name)?.checks ?? [];
      return [
        html`<code>${text(name)}</code>${text(isKey ? ' (key)' : '')}`,
        html`<code>${text(type)}</code>`,
        html`${text(isNullable ? 'yes' : 'no')}`,
        html`${text(classification ?? '')}`,
        html`${text(description)}`,
        html`${text(checks.map(checkText).join('; '))}`,
      ];
    }),
  );
}

function rulesOf(contract: Contract): Html {
  if (contract.layer !== 'silver' || contract.rules.length === 0) return '' as Html;
  const rows = contract.rules.map(({ rule, description, expression }) => [
    html`${text(rule)}`,
    html`${text(description)}`,
    html`<code>${text(expression)}</code>`,
  ]);
  return html`<h2>Rules</h2>${table(['rule', 'what it says', 'condition'], rows)}`;
}

function runTable({ runs, contract }: DatasetFacts): Html {
  if (contract.layer !== 'silver') return html`<p>That of the datasets that it is made of.</p>`;
  if (runs.length === 0)
    return html`<p>No run yet: <code>assay ingest FILE… --dataset ${text(contract.dataset)}</code> and <code>assay run</code>.</p>`;
  const number = (value: number): Html => html`${text(value.toLocaleString('en-US'))}`;
  const rows = runs.map(({ runId, status, endedAt, counts }) => [
    html`${text(endedAt.slice(0, 16).replace('T', ' '))}`,
    html`<code>${text(runId)}</code>`,
    html`${text(status)}`,
    number(counts.records),
    number(counts.silver),
    number(counts.quarantined),
    number(counts.condemned),
  ]);
  return table(['ended, UTC', 'run', 'status', 'records#', 'silver#', 'quarantined#', 'condemned#'], rows);
}
