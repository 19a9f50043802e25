import { Buffer } from 'node:buffer';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { ConfigError } from '../../etl/errors.ts';
import { isSealed } from '../../etl/naming/bronze.ts';
import type { Effects } from '../../etl/ports.ts';
import type { FailedRecord } from '../../etl/quarantine/records.ts';
import type { ObservedEvent } from '../event.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { openEvidenceAt } from '../evidence/evidence-at.ts';
import { evidenceId } from '../evidence/evidence-id.ts';
import { landedFile, offsetOfRecord } from '../landing/claim.ts';
import { readLanded } from '../landing/read-landed.ts';
import { correctEvent } from './correct-event.ts';
import { inOwnForm, isSameValue } from './original-event.ts';

/** An event that is sent to its topic again. */
export interface Redriven {
  readonly rowHash: string;
  readonly evidenceId: string;
  readonly cluster: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly reasons: readonly string[];
  readonly isCorrected: boolean;
  /** With its key and headers as they came, corrections put in. */
  readonly event: ObservedEvent;
}

/** A record that can't be sent again, and why. */
export interface LeftOut {
  readonly rowHash: string;
  readonly evidenceId: string | null;
  readonly why: string;
}

/** What is sent again, by topic, partition and offset; and what can't be. */
export interface RedrivePlan {
  readonly events: readonly Redriven[];
  readonly left: readonly LeftOut[];
}

type PlanEffects = Pick<Effects, 'objects' | 'digestKey'>;

/**
 * The events that some records of quarantine were, as they stood on their topics, with what people corrected since. Left
 * out is what came from no topic, what is sealed, and what the lake has only as it was decoded.
 */
export async function planRedrive(
  effects: PlanEffects,
  contract: SourceContract,
  records: readonly FailedRecord[],
): Promise<RedrivePlan> {
  const evidenceAt = await openEvidenceAt(effects.objects, contract.dataset);
  const linesOf = lineReader(effects);
  const [events, left]: [Redriven[], LeftOut[]] = [[], []];
  for (const record of records) {
    const { rowHash, sourceFile, sourceRowNumber } = record;
    const note = await landedFile(effects.objects, sourceFile);
    const offset = note && offsetOfRecord(note, sourceRowNumber);
    if (note === undefined || offset === undefined) {
      left.push({ rowHash, evidenceId: null, why: 'it came from no topic: assay quarantine retry' });
      continue;
    }
    const id = evidenceId({ ...note, offset, stage: 'OBSERVED_RAW' });
    const made = isSealed(sourceFile)
      ? { why: 'its dataset is protected, and the lake has it sealed only: have its producer send it again' }
      : eventOf((await linesOf(sourceFile))[sourceRowNumber - 1], {
          record,
          contract,
          evidence: await evidenceAt(note, offset),
          secret: effects.digestKey(),
        });
    if ('why' in made) left.push({ rowHash, evidenceId: id, why: made.why });
    else events.push({ ...made, rowHash, evidenceId: id, ...placeOf(note), offset });
  }
  return { events: events.sort(byPlace), left };
}

const placeOf = ({ cluster, topic, partition }: { cluster: string; topic: string; partition: number }) => ({
  cluster,
  topic,
  partition,
});

const byPlace = (a: Redriven, b: Redriven): number =>
  a.topic === b.topic ? a.partition - b.partition || a.offset - b.offset : a.topic < b.topic ? -1 : 1;

interface Making {
  readonly record: FailedRecord;
  readonly contract: SourceContract;
  readonly evidence: Evidence | undefined;
  readonly secret: string;
}

function eventOf(
  line: Uint8Array | undefined,
  { record, contract, evidence, secret }: Making,
): Pick<Redriven, 'event' | 'isCorrected' | 'reasons'> | { readonly why: string } {
  const read = line === undefined ? { problem: 'it is not there' } : readLanded(line, 0);
  if ('problem' in read) return { why: `its line in Bronze can't be read: ${read.problem}` };
  if (evidence === undefined) return { why: 'there is no evidence of it' };
  if (evidence.validation.result === 'PASS')
    return { why: 'it passed every gate; only its table refused it' };
  const { payload_hash: hash, schema_fingerprint: fingerprint } = evidence.fingerprints;
  if (fingerprint !== null && !isSameValue(inOwnForm(read.event).value, hash, secret))
    return {
      why: `the lake has it only as its schema ${evidence.schema.schema_id} decoded it: have its producer send it again`,
    };
  const corrected = correctEvent(read.event, record.corrections, contract);
  if ('why' in corrected) return corrected;
  const isCorrected = Object.keys(record.corrections).length > 0;
  return { event: inOwnForm(corrected), isCorrected, reasons: evidence.validation.reason_codes };
}

/** Lines of a landed file; the last file that was asked for is kept. */
function lineReader({ objects }: PlanEffects): (key: string) => Promise<readonly Uint8Array[]> {
  let last: { readonly key: string; readonly lines: readonly Uint8Array[] } | undefined;
  return async (key) => {
    if (last?.key === key) return last.lines;
    const stored = await objects.get(key);
    if (stored === undefined)
      throw new ConfigError('NO_FILE', `${key} is no longer in the lake.`, { context: { key } });
    last = { key, lines: linesOf(Buffer.from(stored.body)) };
    return last.lines;
  };
}

function linesOf(body: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf(0x0a, at);
    lines.push(body.subarray(at, end < 0 ? body.length : end));
    at = end < 0 ? body.length : end + 1;
  }
  return lines;
}
