import { columnsText } from '../../../etl/site/events-section.ts';
import type { ListedEvents } from '../../../etl/site/listed-events.ts';
import { readEventListing } from '../../../stream/policy/read-event-listing.ts';
import type { Service } from '../../service.ts';
import { evidenceOf } from '../addresses.ts';
import { Facts, Table } from '../parts/facts.tsx';

/** What is said of the events of a dataset; undefined where none come for it. */
export async function eventsOf(
  dataset: string,
  { lake: { effects }, policies: store }: Service,
): Promise<ListedEvents | undefined> {
  // A page doesn't wait for a registry: policies name the schemas.
  return (await readEventListing({ effects, store })).find((one) => one.dataset === dataset);
}

/** Whose the events of a dataset are, where they come from, by which schemas, and what each gate holds them to. */
export function EventsOfDataset({ events }: { readonly events: ListedEvents }) {
  const { owners, policyVersion, why, mode, tier, producers, sources, schemas, gates } = events;
  return (
    <>
      <h2>Events</h2>
      <Facts
        of={[
          ['owners', owners.join(', ')],
          ['policy', policyVersion === undefined ? `none that holds (${why})` : `version ${policyVersion}`],
          ['what follows a failure', mode.toLowerCase().replaceAll('_', ' ')],
          ['tier', tier ?? '—'],
          ...(events.columns === undefined ? [] : [['columns', columnsText(events.columns)] as const]),
          ['producers', producers.join('; ') || 'nobody is named'],
          ['evidence', <a href={evidenceOf({ dataset: events.dataset })}>Search it</a>],
        ]}
      />
      <Table
        caption="Where the events come from"
        columns={['from', 'which of them', 'confidence']}
        rows={sources.map(({ from, where, confidence }) => [from, where ?? 'all', confidence])}
      />
      {schemas.length > 0 && (
        <Table
          caption="Versions of their schema"
          columns={['schema', 'used where none is named', 'ends']}
          rows={schemas.map(({ id, isDefault, until }) => [
            <code>{id}</code>,
            isDefault ? 'yes' : 'no',
            until ?? '',
          ])}
        />
      )}
      <Table
        caption="Gates"
        columns={['gate', 'holds events to']}
        rows={gates.map(({ gate, holds }) => [gate, holds])}
      />
    </>
  );
}
