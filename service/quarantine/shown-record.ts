import { z } from 'zod';
import type { Contract, SourceContract } from '../../etl/contract/contract.ts';
import { withoutGates } from '../../etl/quarantine/gate-failures.ts';
import { maskRecord } from '../../etl/quarantine/mask-record.ts';
import { listedRecord } from '../../etl/quarantine/read-records.ts';
import { EVERY_STATE, type FailedRecord } from '../../etl/quarantine/records.ts';
import { valuesNow } from '../../etl/quarantine/retry-records.ts';
import { type Identity, isAllowed } from '../identity/identity.ts';
import { hashOf } from '../identity/same-secret.ts';

const Reason = z.object({
  rule: z.string().nullable(),
  column: z.string().nullable(),
  code: z.string(),
  value: z.string().nullable(),
});

const Values = z.record(z.string(), z.string().nullable());

/** A record as lists answer it. */
export const ListedRecord = z.object({
  dataset: z.string(),
  record: z.string().meta({ description: "the beginning of the record's id" }),
  state: z.enum(EVERY_STATE),
  sourceFile: z.string(),
  sourceRowNumber: z.int(),
  failures: z.int(),
  failedAt: z.string(),
  runId: z.string(),
  reasons: z.array(Reason),
  isCorrected: z.boolean(),
  values: Values.meta({ description: 'by the columns of the contract, with what was corrected since' }),
});

/** A record with all there is of it. */
export const WholeRecord = ListedRecord.extend({
  rowHash: z.string(),
  sourceFileId: z.string(),
  sourceLine: z.int().nullable(),
  contractVersion: z.string(),
  original: Values.nullable().meta({ description: 'as it came; null where it can not be parsed' }),
  rawText: z.string().nullable().meta({ description: 'of a record that can not be parsed' }),
  corrections: Values.meta({ description: 'what people corrected since' }),
  history: z.array(
    z.object({
      at: z.string(),
      what: z.enum(['quarantined', 'condemned', 'corrected', 'retried', 'released', 'redriven']),
      by: z.string().meta({ description: 'the run, or who decided' }),
      details: z.string(),
    }),
  ),
});

/** A record as this identity may see it. */
export function seenBy(identity: Identity, contract: Contract, record: FailedRecord): FailedRecord {
  const seesAll = isAllowed(identity, 'protected.read', { isReadOnly: false });
  return withoutGates(seesAll ? record : maskRecord(record, contract));
}

/** A record as lists answer it to an identity. */
export function listedFor(identity: Identity, contract: SourceContract, record: FailedRecord) {
  const seen = seenBy(identity, contract, record);
  return { dataset: contract.dataset, ...listedRecord(seen), values: { ...valuesNow(contract, seen) } };
}

/** What a record is now, in a few characters: another text, another record, or one of which something else is known. */
export function versionOf({ rowHash, state, failures, lastAt, corrections }: FailedRecord): string {
  return hashOf(JSON.stringify([rowHash, state, failures, lastAt, corrections]))
    .toString('hex')
    .slice(0, 16);
}
