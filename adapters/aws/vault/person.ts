import { Buffer } from 'node:buffer';
import { z } from 'zod';
import type { Tombstone } from '../../../etl/privacy/erased.ts';

const PERSON = z.object({
  /** What envelopes call the subject, in base32; absent where it was forgotten and nobody came since. */
  reference: z.string().optional(),
  forgotten: z.object({ atMs: z.number(), untilMs: z.number() }).optional(),
});

/** What the vault has of a subject. */
export interface Person {
  readonly reference?: string;
  readonly forgotten?: Tombstone;
}

export const personBytes = (person: Person): Buffer => Buffer.from(JSON.stringify(person));

export function parsePerson(bytes: Buffer): Person {
  const { reference, forgotten } = PERSON.parse(JSON.parse(bytes.toString('utf8')));
  return {
    ...(reference === undefined ? {} : { reference }),
    ...(forgotten === undefined ? {} : { forgotten }),
  };
}

/** Whether a record of a time is of a person who was forgotten later; a newer one is another person's. */
export const isForgotten = ({ forgotten }: Person, datedMs: number, nowMs: number): boolean =>
  forgotten !== undefined && nowMs < forgotten.untilMs && datedMs < forgotten.atMs;
