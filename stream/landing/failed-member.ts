import { Buffer } from 'node:buffer';
import { REASON_CODES } from '../../etl/contract/contract.ts';
import { GATES_MEMBER } from '../../etl/jsonl/shape.ts';
import type { Evidence } from '../evidence/evidence.ts';

/** Codes of the CONTRACT gate: the batch workflow finds those by itself. */
const CONTRACT_CODES: ReadonlySet<string> = new Set([
  ...REASON_CODES,
  'BLANK_RECORD',
  'CONTRACT_MISSING',
  'CONTRACT_INVALID',
  'CONTRACT_NOT_JSONL',
]);

/** Such an event lies apart; whoever brings it to a dataset has said which. */
const OF_NO_DATASET = 'DATASET_';

/** What stands behind a code may be a name that a producer chose. */
const SHOWN = /^[A-Z][A-Z_]*(:[\x21-\x7e]{1,100})?$/;

/** The reasons for which an event failed at other gates than DATASET and CONTRACT, as its evidence has them; none where it passed those. */
export function gateReasonsOf({ validation }: Pick<Evidence, 'validation'>): readonly string[] {
  return validation.reason_codes.flatMap((reason) => {
    const [code = ''] = reason.split(':', 1);
    if (CONTRACT_CODES.has(code) || code.startsWith(OF_NO_DATASET)) return [];
    return [SHOWN.test(reason) ? reason : code];
  });
}

/** A landed line with what its event failed at gates, its last member: the batch workflow publishes nothing that has it. */
export function withFailed(line: Uint8Array, reasons: readonly string[]): Uint8Array {
  if (reasons.length === 0) return line;
  return Buffer.concat([
    line.subarray(0, -1),
    Buffer.from(`,${JSON.stringify(GATES_MEMBER)}:${JSON.stringify(reasons)}}`),
  ]);
}
