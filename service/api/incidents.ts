import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import { DatasetUrn, UNKNOWN_DATASET } from '../../stream/policy/dataset-urn.ts';
import { Incident } from '../../stream/signals/incident.ts';
import { closedIncidents, findIncident, openIncidents } from '../../stream/signals/incident-book.ts';
import { cursorAt, Next, PAGE_QUERY, placeOf } from './paging.ts';
import { route } from './route.ts';

const ID = /^inc-\d{8}T\d{9}Z-[0-9a-f]{16}$/;

/** GET /v1/incidents. */
export const listIncidents = route({
  method: 'get',
  path: '/v1/incidents',
  permission: 'policies.read',
  tag: 'Events',
  summary: 'What is wrong with events, or was: the newest first',
  query: z.strictObject({
    ...PAGE_QUERY,
    state: z
      .enum(['OPEN', 'CLOSED'])
      .default('OPEN')
      .meta({ description: 'those that are open are one page' }),
    dataset_urn: z
      .union([z.literal(UNKNOWN_DATASET), DatasetUrn])
      .exactOptional()
      .meta({
        description: 'only of this dataset; urn:dp:unknown for events of none. Pages may be shorter then',
      }),
  }),
  answer: z.object({ incidents: z.array(Incident), next: Next }),
  async handle({ query: { limit, cursor, state, dataset_urn: urn } }, { lake: { effects } }) {
    const isMeant = (one: Incident): boolean => urn === undefined || one.dataset_urn === urn;
    if (state === 'OPEN')
      return { incidents: (await openIncidents(effects.objects)).filter(isMeant), next: null };
    const before = placeOf(cursor);
    const found = await closedIncidents(effects.objects, {
      limit: limit + 1,
      ...(before === undefined ? {} : { before }),
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const next = last === undefined || found.length <= limit ? null : cursorAt(last.id);
    return { incidents: page.filter(isMeant), next };
  },
});

/** GET /v1/incidents/{id}. */
export const showIncident = route({
  method: 'get',
  path: '/v1/incidents/{id}',
  permission: 'policies.read',
  tag: 'Events',
  summary: 'An incident: what was measured, its cause, and samples without values',
  params: z.strictObject({ id: z.string().regex(ID, 'is no incident') }),
  answer: Incident,
  async handle({ params: { id } }, { lake: { effects } }) {
    const incident = await findIncident(effects.objects, id);
    if (incident === undefined) throw new ConfigError('NO_INCIDENT', `There is no incident ${id}.`);
    return incident;
  },
});
