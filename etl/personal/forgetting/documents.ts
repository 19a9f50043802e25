import { z } from 'zod';

const Word = { at: z.iso.datetime(), by: z.string(), reason: z.string() };

/** That somebody is to be forgotten. The ids are sealed under keys of the subject, which go with it. */
export const ForgetRequest = z.object({
  format: z.literal(1),
  request: z.string(),
  ...Word,
  kind: z.string(),
  /** Envelopes of the ids, each of which is one subject of the vault. */
  subjects: z.array(z.string()).min(1),
});
export type ForgetRequest = z.infer<typeof ForgetRequest>;

/** That the keys may go, and under which ids the log of erasures has it, so that whoever dies on the way can go on. */
export const ForgetApproval = z.object({
  format: z.literal(1),
  request: z.string(),
  ...Word,
  erasures: z.array(z.string()).min(1),
  /** Of the tables, before a key went. */
  before: z.array(z.lazy(() => TableDigest)),
  /** Data groups of which the subject had a key. */
  groups: z.array(z.string()),
  /** Ids for the log of erasures of records that couldn't be parsed; not each of them came to be used. */
  records: z.array(z.string()),
});
export type ForgetApproval = z.infer<typeof ForgetApproval>;

/** Where a dataset's or Gold table's pointer stood: what it names is immutable, so that its digest stands for every row. */
const TableDigest = z.object({
  dataset: z.string(),
  layer: z.string(),
  version: z.number().int(),
  snapshotId: z.number().int(),
  sealDigest: z.string(),
  /** SHA-256 of the pointer. */
  digest: z.string(),
});
export type TableDigest = z.infer<typeof TableDigest>;

/** Columns of a dataset that were never sealed, and still say what they said. */
const ClearColumns = z.object({ dataset: z.string(), columns: z.array(z.string()) });
export type ClearColumns = z.infer<typeof ClearColumns>;

/** What is certified of a forgetting. */
export const Certificate = z.object({
  format: z.literal(1),
  request: z.string(),
  state: z.literal('forgotten'),
  kind: z.string(),
  asked: z.object(Word),
  approved: z.object(Word),
  forgottenAt: z.iso.datetime(),
  /** Entries of the log of erasures, and what the vault finds the subject by: who has the id and the vault can prove whose they are. */
  erasures: z.array(z.object({ id: z.string(), index: z.string() })),
  keys: z.object({
    /** Data groups whose keys of the subject were destroyed. */
    groups: z.array(z.string()),
    /** Records that couldn't be parsed and had the subject's id: each had a key of its own. */
    records: z.number().int(),
  }),
  tables: z.object({
    before: z.array(TableDigest),
    after: z.array(TableDigest),
    /** Whether no pointer moved: then no count, sum or figure did. */
    isUnchanged: z.boolean(),
    /** Datasets that a run committed to meanwhile. */
    changed: z.array(z.string()),
  }),
  clearColumns: z.array(ClearColumns),
  /** From when on no process here holds a key that it had before. */
  unreadableFrom: z.iso.datetime(),
  /** From when on copies of the vault from before are unreadable, too; null while the key that a person keeps isn't exchanged. */
  unreadableFromBackups: z.iso.datetime().nullable(),
  /** Until when records from before that come again are known as forgotten. */
  rememberedUntil: z.iso.datetime(),
});
export type Certificate = z.infer<typeof Certificate>;

/** That a request was refused, or taken back. */
export const Refusal = z.object({
  format: z.literal(1),
  request: z.string(),
  state: z.literal('refused'),
  kind: z.string(),
  asked: z.object(Word),
  refused: z.object(Word),
});
export type Refusal = z.infer<typeof Refusal>;

/** How a request ended. */
export const ForgetEnd = z.discriminatedUnion('state', [Certificate, Refusal]);
export type ForgetEnd = z.infer<typeof ForgetEnd>;
