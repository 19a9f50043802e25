import { Buffer } from 'node:buffer';
import { ConfigError } from '../../errors.ts';
import { forgetRequestKey, PRIVACY_DATASET } from '../../naming/privacy.ts';
import { keepDecision, type Word } from '../../operations/decide-run.ts';
import type { Effects } from '../../ports.ts';
import type { Subject } from '../../privacy/vault.ts';
import { type AskedSubject, askedSubject } from '../asked-subject.ts';
import { contractsOfPeople } from '../contracts-of-people.ts';
import { ownRecordsOf } from '../own-records.ts';
import { vaultOf } from '../vault-of.ts';
import { type OpenedWhole, wholeRecordsNaming } from '../whole-records.ts';
import { approveForgetting } from './approve-forgetting.ts';
import { clearColumns } from './clear-columns.ts';
import type { Certificate, ForgetRequest } from './documents.ts';
import { sealIds } from './sealed-ids.ts';
import { readPrivacySettings } from './settings.ts';

/** What came of asking: a request that waits for another person, or the end of it where one is enough. */
export type Asked =
  | { readonly state: 'asked'; readonly request: string; readonly kind: string }
  | Certificate;

/**
 * Asks for somebody to be forgotten. Nothing goes before another person approves, unless the lake's settings say that one is
 * enough. Throws ConfigError `NOBODY` where there is nothing of such a subject.
 */
export async function askForgetting(effects: Effects, subject: Subject, word: Word): Promise<Asked> {
  const { contracts } = await contractsOfPeople(effects);
  const asked = askedSubject(contracts.values(), subject);
  const { kind } = asked;
  const subjects = await sealIds(effects, await presentSubjects(effects, asked));
  const details = { kind };
  const decision = { kind: 'forget-asked' as const, dataset: PRIVACY_DATASET, ...word, runId: null, details };
  const request = await keepDecision(effects, decision);
  const at = effects.clock.now().toISOString();
  const document: ForgetRequest = { format: 1, request, at, ...word, kind, subjects: [...subjects] };
  const body = Buffer.from(`${JSON.stringify(document, null, 1)}\n`);
  await effects.objects.put(forgetRequestKey(request), body, { ifNoneMatch: '*' });
  const { persons } = await readPrivacySettings(effects);
  return persons === 1 ? await approveForgetting(effects, request, word) : { state: 'asked', request, kind };
}

/** Those of the ids that the vault has keys of; all where only records have one that couldn't be parsed, or name nobody as they should. */
async function presentSubjects(effects: Effects, asked: AskedSubject): Promise<readonly Subject[]> {
  const vault = vaultOf(effects);
  const kept = await Promise.all(asked.subjects.map((one) => vault.find(one)));
  const present = asked.subjects.filter((_, n) => kept[n]?.reference !== undefined);
  if (present.length > 0) return present;
  if ((await wholeRecordsNaming(effects, asked)).length > 0) return asked.subjects;
  if ((await ownRecordsOf(effects, { asked, references: [] })).length > 0) return asked.subjects;
  const forgotten = kept.find((one) => one.forgotten !== undefined)?.forgotten;
  throw new ConfigError(
    'NOBODY',
    forgotten === undefined
      ? `There is nothing of such a ${asked.kind} here: no record that was protected names this id.`
      : `This ${asked.kind} was forgotten at ${forgotten.at.toISOString()}, and nothing came since.`,
    { context: { kind: asked.kind } },
  );
}

/** What a forgetting would take with it. */
export interface ForgettingPreview {
  readonly state: 'dry-run';
  readonly kind: string;
  /** Data groups whose keys of the subject would be destroyed. */
  readonly groups: readonly string[];
  /** What of each dataset would be readable no more. */
  readonly datasets: readonly {
    readonly dataset: string;
    readonly columns: readonly string[];
    readonly clearColumns: readonly string[];
  }[];
  /** Records that couldn't be parsed or name nobody as they should, and would be destroyed: where they are. */
  readonly records: readonly Omit<OpenedWhole, 'text' | 'envelope'>[];
  /** How many people it takes. */
  readonly persons: 1 | 2;
  /** When this subject was forgotten before. */
  readonly forgottenAt: string | null;
}

/** What forgetting somebody would do; nothing is changed, and nobody is told. */
export async function previewForgetting(effects: Effects, subject: Subject): Promise<ForgettingPreview> {
  const { contracts } = await contractsOfPeople(effects);
  const asked = askedSubject(contracts.values(), subject);
  const kept = await Promise.all(asked.subjects.map((one) => vaultOf(effects).find(one)));
  const groups = [...new Set(kept.flatMap((one) => one.groups))].sort();
  const whole = await wholeRecordsNaming(effects, asked);
  const references = kept.flatMap(({ reference }) => reference ?? []);
  const own = await ownRecordsOf(effects, { asked, references });
  const forgotten = kept.flatMap((one) => one.forgotten?.at.toISOString() ?? []).sort();
  return {
    state: 'dry-run',
    kind: asked.kind,
    groups,
    datasets: asked.datasets.map(({ contract }) => ({
      dataset: contract.dataset,
      columns: sealedColumns(contract.columns, asked.kind, contract.subject?.kind),
      clearColumns: clearColumns(contract.columns),
    })),
    records: [
      ...whole.map(({ text: _text, envelope: _envelope, ...place }) => place),
      ...own.map(({ reference: _reference, ...place }) => place),
    ],
    persons: (await readPrivacySettings(effects)).persons,
    forgottenAt: forgotten.at(-1) ?? null,
  };
}

type Columns = AskedSubject['datasets'][number]['contract']['columns'];

function sealedColumns(columns: Columns, kind: string, whole: string | undefined): string[] {
  return columns.flatMap(({ name, protect }) => {
    const isSealed = protect?.as === 'encrypted' || protect?.as === 'pseudonym';
    return isSealed && (protect.subject?.kind ?? whole) === kind ? [name] : [];
  });
}
