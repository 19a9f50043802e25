import { openEnvelope } from '../oracle/open-envelope.ts';
import type { TestLake } from './harness.ts';
import type { Row } from './read-rows.ts';

/** A row with what was sealed in it. */
export type Reveal = (row: Row) => Promise<Row>;

const ENVELOPE = /~1\.[a-z2-7]{8}\.[a-z2-7]{26}\.\d{6}\.[\w-]*/g;
const REFERENCE = /^[a-z2-7]{26}$|(?<=")[a-z2-7]{26}(?=")/g;

/** Shows envelopes as `⟦text⟧`, those that nobody can open as `⟦⟧`, and people as `person 1`, `person 2` … as they come. */
export function revealer({ lake }: TestLake): Reveal {
  const people = new Map<string, string>();
  const { vault } = lake.effects;
  if (vault === undefined) throw new Error('the lake has no vault');
  const personOf = (reference: string): string => {
    const known = people.get(reference) ?? `person ${people.size + 1}`;
    people.set(reference, known);
    return known;
  };
  const revealText = async (text: string): Promise<string> => {
    let shown = text;
    for (const [envelope] of text.matchAll(ENVELOPE))
      shown = shown.replace(envelope, `⟦${(await openEnvelope(envelope, vault).catch(() => '')) ?? ''}⟧`);
    return shown.replace(REFERENCE, personOf);
  };
  return async (row) => {
    const entries: [string, unknown][] = [];
    for (const [name, value] of Object.entries(row))
      entries.push([name, typeof value === 'string' ? await revealText(value) : value]);
    return Object.fromEntries(entries) as Row;
  };
}
