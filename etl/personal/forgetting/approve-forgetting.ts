import { Buffer } from 'node:buffer';
import { loadContracts } from '../../contract/load-contracts.ts';
import { ConfigError } from '../../errors.ts';
import { erasureKey, forgetApprovalKey } from '../../naming/privacy.ts';
import type { Word } from '../../operations/decide-run.ts';
import type { Effects } from '../../ports.ts';
import { newErasureId } from '../../privacy/erasure.ts';
import { ownSubject } from '../../privacy/row-subjects.ts';
import { type AskedSubject, datasetsOf, protectedContracts } from '../asked-subject.ts';
import { contractsOfPeople } from '../contracts-of-people.ts';
import { ownRecordsOf } from '../own-records.ts';
import { vaultOf } from '../vault-of.ts';
import { wholeRecordsNaming } from '../whole-records.ts';
import { certify } from './certify.ts';
import type { Certificate, ForgetApproval, ForgetRequest, Refusal } from './documents.ts';
import { endRequest, finishEnd } from './end-request.ts';
import { type ForgetState, readForgetRequest } from './requests.ts';
import { openIds } from './sealed-ids.ts';
import { readPrivacySettings } from './settings.ts';
import { tableDigests } from './table-digests.ts';

/**
 * Forgets whom a request names: the keys of the subject, and those of its records that couldn't be parsed or name nobody as they
 * should. No table changes. Who dies on the way approves again, and it goes on. Throws ConfigError where there is no such request
 * (`NO_REQUEST`), it ended (`FORGOTTEN`, `FORGET_REFUSED`), or who approves is who asked and the lake wants two
 * (`SAME_PERSON`).
 */
export async function approveForgetting(effects: Effects, request: string, word: Word): Promise<Certificate> {
  const found = await requireOpen(effects, request);
  const { asked } = found;
  const { persons, rememberYears } = await readPrivacySettings(effects);
  if (persons === 2 && asked.by === word.by) {
    throw new ConfigError('SAME_PERSON', `${word.by} asked for ${request}: somebody else must approve it.`, {
      context: { request },
    });
  }
  // Before a key goes: where a contract is missing, not all of them would be found.
  await contractsOfPeople(effects);
  const approval = await approve(effects, found, word);
  const rememberedUntil = new Date(approval.at);
  rememberedUntil.setUTCFullYear(rememberedUntil.getUTCFullYear() + rememberYears);
  await destroyKeys(effects, { asked, approval, until: rememberedUntil });
  const certificate = await certify(effects, { asked, approval, rememberedUntil });
  await endRequest(effects, certificate);
  return certificate;
}

/** Refuses a request, or takes one's own back: nothing goes. Throws ConfigError as approving does, and `APPROVED` where keys are being destroyed already. */
export async function refuseForgetting(effects: Effects, request: string, word: Word): Promise<Refusal> {
  const { asked, approval } = await requireOpen(effects, request);
  if (approval !== undefined && (await isBegun(effects, approval)))
    throw new ConfigError(
      'APPROVED',
      `${approval.by} approved ${request}, and keys are destroyed already: approve it again to end it.`,
      {
        context: { request },
      },
    );
  const { at, by, reason, kind } = asked;
  const now = effects.clock.now().toISOString();
  const refusal: Refusal = {
    ...{ format: 1, request, state: 'refused', kind },
    asked: { at, by, reason },
    refused: { at: now, ...word },
  };
  await endRequest(effects, refusal);
  return refusal;
}

async function requireOpen(effects: Effects, id: string): Promise<Extract<ForgetState, { state: 'asked' }>> {
  const found = await readForgetRequest(effects, id);
  if (found.state === 'asked') return found;
  await finishEnd(effects, found);
  const { request, state } = found;
  const message =
    state === 'forgotten'
      ? `${request} was approved by ${found.approved.by}, and is done: 'assay privacy requests ${request}' shows the certificate.`
      : `${request} was refused by ${found.refused.by}: ask again.`;
  throw new ConfigError(state === 'forgotten' ? 'FORGOTTEN' : 'FORGET_REFUSED', message, {
    context: { request },
  });
}

/** The approval of a request: one that stands already, unless it is so old that its erasures would come too late in the log. */
async function approve(
  effects: Effects,
  { asked, approval }: Extract<ForgetState, { state: 'asked' }>,
  { by, reason }: Word,
): Promise<ForgetApproval> {
  const { request, kind, subjects } = asked;
  const now = effects.clock.now();
  if (approval !== undefined && (await isBegun(effects, approval))) return approval;
  const ids = await openIds(effects, subjects);
  const vault = vaultOf(effects);
  const kept = await Promise.all(ids.map((id) => (id === undefined ? undefined : vault.find({ kind, id }))));
  const { contracts } = await loadContracts(effects.contracts);
  const next: ForgetApproval = {
    ...{ format: 1, request, at: now.toISOString(), by, reason },
    erasures: subjects.map(() => newErasureId(now)),
    before: await tableDigests(effects, contracts.values()),
    groups: [...new Set(kept.flatMap((one) => one?.groups ?? []))].sort(),
    records: approval?.records ?? [],
  };
  await effects.objects.put(forgetApprovalKey(request), bytesOf(next));
  return next;
}

/** Whether any key went under an approval. */
async function isBegun({ objects }: Effects, { erasures }: ForgetApproval): Promise<boolean> {
  for (const id of erasures) if ((await objects.get(erasureKey(id))) !== undefined) return true;
  return false;
}

interface Destroying {
  readonly asked: ForgetRequest;
  readonly approval: ForgetApproval;
  readonly until: Date;
}

/** First the records that name the subject, since the ids are sealed under its own key; then that. */
async function destroyKeys(effects: Effects, { asked, approval, until }: Destroying): Promise<void> {
  const { kind, request } = asked;
  const ids = await openIds(effects, asked.subjects);
  const subjects = ids.flatMap((id) => (id === undefined ? [] : [{ kind, id }]));
  const vault = vaultOf(effects);
  const origin = { by: approval.by, reason: `${request}: ${approval.reason}`, until };
  if (subjects.length > 0) {
    const { contracts } = await loadContracts(effects.contracts);
    const datasets = datasetsOf(protectedContracts(contracts.values()), kind);
    await destroyRecords(effects, { asked: { kind, subjects, datasets }, approval, origin });
  }
  for (const [n, id] of ids.entries()) {
    const erasureId = approval.erasures[n] ?? newErasureId(effects.clock.now());
    if (id !== undefined) await vault.forget({ kind, id }, { ...origin, id: erasureId });
  }
  // Who died between the log and the vault's files left the keys in them, though nothing serves them.
  if (ids.includes(undefined)) await vault.renewKey();
}

async function destroyRecords(
  effects: Effects,
  {
    asked,
    approval,
    origin,
  }: {
    readonly asked: AskedSubject;
    readonly approval: ForgetApproval;
    readonly origin: Word & { readonly until: Date };
  },
): Promise<void> {
  const vault = vaultOf(effects);
  const { texts, references } = await recordsNaming(effects, asked);
  if (texts.size + references.size === 0) return;
  const now = effects.clock.now();
  const lines = [...texts].map((text) => ({ text, id: newErasureId(now) }));
  const rows = [...references].map((reference) => ({ reference, id: newErasureId(now) }));
  const noted = { ...approval, records: [...approval.records, ...[...lines, ...rows].map(({ id }) => id)] };
  await effects.objects.put(forgetApprovalKey(approval.request), bytesOf(noted));
  for (const { text, id } of lines) await vault.forget(ownSubject([text]), { ...origin, id });
  if (rows.length > 0) await vault.forgetReferences(rows, origin);
}

/** What is of the subject under keys of records alone: texts of whole records, and references of others. */
async function recordsNaming(
  effects: Effects,
  asked: AskedSubject,
): Promise<{ readonly texts: ReadonlySet<string>; readonly references: ReadonlySet<string> }> {
  const kept = await Promise.all(asked.subjects.map((one) => vaultOf(effects).find(one)));
  const references = kept.flatMap(({ reference }) => reference ?? []);
  const own = await ownRecordsOf(effects, { asked, references });
  const whole = await wholeRecordsNaming(effects, asked);
  return {
    texts: new Set(whole.map(({ text }) => text)),
    references: new Set(own.map(({ reference }) => reference)),
  };
}

const bytesOf = (document: object): Buffer => Buffer.from(`${JSON.stringify(document, null, 1)}\n`);
