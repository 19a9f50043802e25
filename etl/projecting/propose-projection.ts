import { stringify } from 'yaml';
import type { ContractColumn } from '../contract/contract.ts';
import { isSealedColumn } from '../contract/table-columns.ts';
import type { EventContract } from '../eventstore/event-order.ts';

/** What a projection is to be. */
export interface ProjectionWish {
  readonly domain: string;
  readonly name: string;
  readonly owner: string;
  readonly purpose: string;
}

/** A projection to start from: its contract, its code and a test of that, which Node runs as it is. */
export interface ProposedProjection {
  readonly yaml: string;
  readonly code: string;
  readonly test: string;
}

/** Counts the events of each stream, and keeps the type of the last. */
export function proposeProjection(source: EventContract, wish: ProjectionWish): ProposedProjection {
  return { yaml: contractYaml(source, wish), code: codeText(source, wish), test: testText(source, wish) };
}

function contractYaml(source: EventContract, { domain, name, owner, purpose }: ProjectionWish): string {
  const stream = source.columns.find((column) => column.name === source.events.stream);
  const type = source.columns.find((column) => column.name === source.events.type);
  const properties = [
    {
      name: source.events.stream,
      ...keyType(stream),
      required: true,
      primaryKey: true,
      classification: stream?.classification ?? 'internal',
      description: stream?.description || `The stream, as in ${source.dataset}.`,
    },
    {
      name: 'events',
      logicalType: 'integer',
      required: true,
      classification: 'internal',
      description: 'How many events there were.',
    },
    {
      name: 'last_type',
      logicalType: 'string',
      required: true,
      classification: type?.classification ?? 'internal',
      description: 'What happened last.',
    },
  ];
  const custom = { 'assay.layer': 'projection', 'assay.inputs': [source.dataset] };
  return stringify({
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: `urn:assay:contract:${domain}.${name}`,
    ...{ domain, name },
    version: '1.0.0',
    status: 'active',
    team: { name: owner },
    description: { purpose },
    schema: [
      {
        name,
        physicalType: 'table',
        properties,
        customProperties: Object.entries(custom).map(([property, value]) => ({ property, value })),
      },
    ],
  });
}

/** As the stream's own type; references of people are text. */
function keyType(column: ContractColumn | undefined): Readonly<Record<string, string>> {
  if (column === undefined || isSealedColumn(column) || column.type.kind === 'string')
    return { logicalType: 'string' };
  return column.type.kind === 'int'
    ? { logicalType: 'integer', physicalType: 'INTEGER' }
    : { logicalType: 'integer' };
}

function codeText({ dataset, events }: EventContract, { name }: ProjectionWish): string {
  return `// @ts-check
/** @typedef {import('./${name}.types.ts').Event} Event */
/** @typedef {import('./${name}.types.ts').Row} Row */

/** The state of a stream before its first event. Here it is the row as well; export rows(state) where it isn't. */
export const initial = { events: 0, last_type: '' };

/**
 * The state after an event of ${dataset}: of nothing but the state before and the event.
 * @param {typeof initial} state
 * @param {Event} event
 * @returns {Row & typeof initial}
 */
export function apply(state, event) {
  return { events: state.events + 1, last_type: event.${events.type} };
}
`;
}

function testText({ events }: EventContract, { name }: ProjectionWish): string {
  return `// node --test projections
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, initial } from './${name}.mjs';

test('given two events, the last one is known', () => {
  const happened = [{ ${events.type}: 'first' }, { ${events.type}: 'second' }];
  // @ts-expect-error: events of a test say what matters to it.
  const state = happened.reduce(apply, initial);
  assert.deepEqual(state, { events: 2, last_type: 'second' });
});
`;
}
