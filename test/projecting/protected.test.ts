import { expect, test } from '@jest/globals';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { testLake } from '../stages/harness.ts';
import { readRows } from '../stages/read-rows.ts';

const sealed = (as: string) => ({
  classification: 'personal',
  assay: { protect: { as, group: 'contact' } },
});
const EVENTS = contractText({
  dataset: 'crm.events',
  columns: [
    { name: 'event', required: true },
    { name: 'customer', required: true, ...sealed('pseudonym') },
    { name: 'nr', type: 'integer', required: true },
    { name: 'what', required: true },
    { name: 'at', type: 'timestamp', required: true },
    { name: 'phone', ...sealed('encrypted') },
  ],
  assay: {
    limits: NO_LIMITS,
    subject: { column: 'customer', kind: 'customer' },
    events: { stream: 'customer', type: 'what', at: 'at', version: 'nr', id: 'event' },
  },
});
const NOW = contractText({
  dataset: 'crm.now',
  columns: [
    { name: 'customer', key: true, classification: 'personal' },
    { name: 'phone', classification: 'personal' },
  ],
  assay: { layer: 'projection', inputs: ['crm.events'], fold: 'current_state' },
});

test('events of people are folded as they are stored: streams by references, values as envelopes', async () => {
  const lake = await testLake({ contracts: [EVENTS, NOW], vault: true });
  try {
    const lines = ['e1,c1,1,moved,2024-05-01T00:00:00Z,0123', 'e2,c2,1,moved,2024-05-01T00:00:00Z,0456'];
    await lake.dropAndRun({ 'a.csv': `event,customer,nr,what,at,phone\n${lines.join('\n')}\n` });
    expect(lake.alerts).toEqual([]);
    const { root, effects } = lake.lake;
    const rows = await readRows(effects.objects, { layer: 'projection', dataset: 'crm.now', root });
    const pair = ({ customer, phone }: (typeof rows)[number]): string => `${customer} ${phone}`;
    expect(rows.map(pair).sort()).toEqual((await lake.rows('silver')).map(pair).sort());
    for (const row of rows) expect(pair(row)).toMatch(/^[a-z2-7]{26} ~1\./);
  } finally {
    await lake.dispose();
  }
});
