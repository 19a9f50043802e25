import type { Contract, KeptSnapshots } from './contract.ts';
import type { CustomValues } from './custom-properties.ts';
import { flag, matching, readFields, readValue, refuseUnknown, whole } from './fields.ts';
import type { Problems } from './problems.ts';

/** What a contract says about the upkeep of its tables; nothing of it changes what a record is worth. */
type Upkeep = Pick<Contract, 'snapshots' | 'tend'>;

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

const SNAPSHOTS = {
  keep: matching(/^[1-9]\d{0,5}[mhd]$/, 'write for how long they stay, e.g. 90d, 12h or 30m').optional(),
  atLeast: whole(1).optional(),
  atMost: whole(1).optional(),
} as const;

/**
 * The snapshots that stay where a contract says nothing of them: those of 90 days, the last hundred whatever their age,
 * and no more than the last thousand, since every commit writes the list of them anew.
 */
export const DEFAULT_SNAPSHOTS: KeptSnapshots = {
  keepMs: 90 * 86_400_000,
  atLeast: 100,
  atMost: 1000,
};

/** No state but the current one. */
const ONLY_NEWEST: KeptSnapshots = { keepMs: 0, atLeast: 1, atMost: 1 };

/** Reads `assay.snapshots` and `assay.tend`; what is absent stays absent. */
export function readUpkeep(custom: CustomValues, problems: Problems): Upkeep {
  const given = custom.get('assay.tend');
  const tend = given === undefined ? undefined : readValue(flag, given.value, given.path, problems);
  const snapshots = readSnapshots(custom, problems);
  // Earlier states of what is made by consent hold those who withdrew it since.
  const kept = custom.has('assay.purpose') ? ONLY_NEWEST : snapshots;
  return { ...(kept === undefined ? {} : { snapshots: kept }), ...(tend === false ? { tend } : {}) };
}

function readSnapshots(custom: CustomValues, problems: Problems): KeptSnapshots | undefined {
  const given = custom.get('assay.snapshots');
  if (given === undefined) return undefined;
  const { value, path } = given;
  const hint = `use ${Object.keys(SNAPSHOTS).join(', ')}`;
  refuseUnknown(value, Object.keys(SNAPSHOTS), path, { problems, hint });
  const { keep, atLeast, atMost } = readFields(SNAPSHOTS, value, path, problems);
  const kept = {
    keepMs: keep === undefined ? DEFAULT_SNAPSHOTS.keepMs : lengthMs(keep),
    atLeast: atLeast ?? Math.min(DEFAULT_SNAPSHOTS.atLeast, atMost ?? Number.POSITIVE_INFINITY),
    atMost: atMost ?? Math.max(DEFAULT_SNAPSHOTS.atMost, atLeast ?? 0),
  };
  if (kept.atLeast > kept.atMost)
    problems.add([...path, 'atMost'], `is ${kept.atMost}, less than atLeast; write at least ${kept.atLeast}`);
  return kept;
}

const lengthMs = (text: string): number => Number(text.slice(0, -1)) * (UNIT_MS[text.slice(-1)] ?? 0);
