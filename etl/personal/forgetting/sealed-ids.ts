import type { Effects } from '../../ports.ts';
import { openCells } from '../../privacy/open-cells.ts';
import { periodOf } from '../../privacy/period.ts';
import { UNKNOWN_GROUP } from '../../privacy/protect-rows.ts';
import { columnKeys, commonSecret, sealValue } from '../../privacy/seal-value.ts';
import { Sodium } from '../../privacy/sodium.ts';
import type { Subject } from '../../privacy/vault.ts';
import { vaultOf } from '../vault-of.ts';

/** Stands for the column of ids in requests. No contract can name it, for its points. */
const COLUMN = { dataset: 'assay.requests', column: 'assay.subject', group: UNKNOWN_GROUP } as const;

/** Ids, each sealed under a key of its own subject: once that is forgotten, nobody can read here who it was. */
export async function sealIds(
  effects: Pick<Effects, 'vault' | 'clock'>,
  subjects: readonly Subject[],
): Promise<readonly string[]> {
  const [vault, now] = [vaultOf(effects), effects.clock.now()];
  const period = periodOf(now);
  const [column = ''] = await vault.columnIds([COLUMN]);
  const [periodKey] = await vault.periodKeys([{ ...COLUMN, period }], 'make');
  const found = await vault.subjects(
    subjects.map((one) => ({ ...one, dated: now })),
    [UNKNOWN_GROUP],
  );
  const sodium = await Sodium.open();
  try {
    return found.map((one, n) => {
      const subjectKey = one.kind === 'known' ? one.keys[0] : undefined;
      if (one.kind !== 'known' || subjectKey === undefined || periodKey === undefined)
        throw new RangeError('a subject of today has no key');
      const keys = columnKeys(sodium, commonSecret(sodium, { subjectKey, periodKey }), column);
      const header = { column, subject: one.reference, period };
      return sealValue(sodium, keys, header, subjects[n]?.id ?? '');
    });
  } finally {
    sodium.dispose();
  }
}

/** The ids in envelopes of a request; undefined where the subject's key is gone. */
export async function openIds(
  effects: Pick<Effects, 'vault'>,
  envelopes: readonly string[],
): Promise<readonly (string | undefined)[]> {
  const sodium = await Sodium.open();
  try {
    const cells = await openCells({ vault: vaultOf(effects), sodium })(envelopes);
    return cells.map((cell) => (cell.kind === 'clear' ? cell.text : undefined));
  } finally {
    sodium.dispose();
  }
}
