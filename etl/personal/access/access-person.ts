import { madeOf } from '../../contract/made-of.ts';
import { ConfigError } from '../../errors.ts';
import { PRIVACY_DATASET } from '../../naming/privacy.ts';
import { keepDecision, type Word } from '../../operations/decide-run.ts';
import type { Effects } from '../../ports.ts';
import { UNKNOWN_GROUP } from '../../privacy/protect-rows.ts';
import type { Subject } from '../../privacy/vault.ts';
import { type AskedSubject, askedSubject } from '../asked-subject.ts';
import { contractsOfPeople } from '../contracts-of-people.ts';
import { findRecords, type StoredRecord } from '../find-records.ts';
import { foldedRecords } from '../folded-records.ts';
import { ownRecordsOf } from '../own-records.ts';
import { recordReveal } from '../reveals.ts';
import { vaultOf } from '../vault-of.ts';
import { wholeRecordsNaming } from '../whole-records.ts';
import { openRecords } from './open-records.ts';

/** Everything that is stored about a person, in the clear as far as it can be read. */
export interface PersonData {
  readonly kind: string;
  readonly ids: readonly string[];
  readonly at: string;
  readonly by: string;
  readonly reason: string;
  readonly records: readonly StoredRecord[];
  /** When the person was forgotten before. */
  readonly forgottenAt: string | null;
}

/**
 * Everything about a person: records of Silver, quarantine and condemned, of files that no run judged, and such as couldn't be
 * parsed and have the id, and rows that were folded of their events. Values of others in these records stay sealed. That it was given out is kept before it is.
 * Throws ConfigError `NOBODY` where there is nothing.
 */
export async function accessPerson(effects: Effects, subject: Subject, word: Word): Promise<PersonData> {
  const { contracts } = await contractsOfPeople(effects);
  const asked = askedSubject(contracts.values(), subject);
  const kept = await Promise.all(asked.subjects.map((one) => vaultOf(effects).find(one)));
  const named = kept.flatMap(({ reference }) => reference ?? []);
  const own = await ownRecordsOf(effects, { asked, references: named });
  const references = [...new Set([...named, ...own.map(({ reference }) => reference)])];
  const stored: StoredRecord[] = [];
  for (const dataset of asked.datasets)
    stored.push(...(await findRecords(effects, dataset, { asked, references })));
  for (const contract of contracts.values()) {
    const source = asked.datasets.find((one) => madeOf(contract).includes(one.contract.dataset));
    if (contract.layer === 'projection' && source !== undefined)
      stored.push(...(await foldedRecords(effects, contract, source, { asked, references })));
  }
  const { records, revealed } = await openRecords(effects, stored, references);
  const whole = await wholeOf(effects, asked);
  const forgottenAt =
    kept
      .flatMap(({ forgotten }) => forgotten?.at.toISOString() ?? [])
      .sort()
      .at(-1) ?? null;
  if (records.length + whole.length === 0) throw nobody(asked, forgottenAt);
  const columns = [...revealed.values(), ...wholeCounts(whole)];
  const groups = [
    ...new Set([...kept.flatMap((one) => one.groups), ...(whole.length > 0 ? [UNKNOWN_GROUP] : [])]),
  ];
  await recordReveal(effects, { how: 'access', groups: groups.sort(), columns }, word);
  const details = { kind: asked.kind, records: records.length + whole.length };
  await keepDecision(effects, { kind: 'accessed', dataset: PRIVACY_DATASET, ...word, runId: null, details });
  return {
    ...{ kind: asked.kind, ids: asked.subjects.map(({ id }) => id), at: effects.clock.now().toISOString() },
    ...{ ...word, records: [...records, ...whole], forgottenAt },
  };
}

/** Records that couldn't be parsed, as the others are. */
async function wholeOf(effects: Effects, asked: AskedSubject): Promise<StoredRecord[]> {
  return (await wholeRecordsNaming(effects, asked)).map(
    ({ dataset, layer, sourceFile, sourceRowNumber, text }) => ({
      ...{ dataset, layer, sourceFile, sourceFileId: null, sourceRowNumber, runId: null },
      ...{ values: { text }, reasons: null },
    }),
  );
}

const wholeCounts = (whole: readonly StoredRecord[]) =>
  [...new Set(whole.map(({ dataset }) => dataset))].map((dataset) => ({
    ...{ dataset, column: 'assay.line' },
    values: whole.filter((one) => one.dataset === dataset).length,
  }));

function nobody({ kind }: AskedSubject, forgottenAt: string | null): ConfigError {
  return new ConfigError(
    'NOBODY',
    forgottenAt === null
      ? `There is nothing of such a ${kind} here: no record that was protected names this id.`
      : `This ${kind} was forgotten at ${forgottenAt}, and nothing can be told of them any more.`,
    { context: { kind } },
  );
}
