import { loadContracts } from '../../contract/load-contracts.ts';
import { ConfigError } from '../../errors.ts';
import { erasureKey, forgetApprovalKey } from '../../naming/privacy.ts';
import type { Effects } from '../../ports.ts';
import { Erasure } from '../../privacy/erasure.ts';
import { getDocument, parseDocument } from '../../stages/stored-documents.ts';
import { datasetsOf, protectedContracts } from '../asked-subject.ts';
import { RENEWAL_MS } from '../retention.ts';
import { vaultOf } from '../vault-of.ts';
import { clearColumns } from './clear-columns.ts';
import { type Certificate, ForgetApproval, type ForgetRequest } from './documents.ts';
import { changedDatasets, tableDigests } from './table-digests.ts';

/** No process keeps a key for longer that it had before: what one call of a stage may take at most. */
const LONGEST_KEPT_MS = 15 * 60_000;
const DAY_MS = 86_400_000;

/** What is certified of keys that went: what the log of erasures has, not what was meant. */
export async function certify(
  effects: Effects,
  { asked, approval, rememberedUntil }: Forgotten,
): Promise<Certificate> {
  const { contracts } = await loadContracts(effects.contracts);
  const { kind, request } = asked;
  const { before, groups, records } = await getDocument(
    effects.objects,
    forgetApprovalKey(request),
    ForgetApproval,
  );
  const erasures = await readErasures(effects, approval.erasures);
  if (erasures.length === 0) throw notForgotten(request);
  const destroyed = await readErasures(effects, records);
  const last =
    erasures
      .map(({ at }) => at)
      .sort()
      .at(-1) ?? approval.at;
  const after = await tableDigests(effects, contracts.values());
  const changed = changedDatasets(before, after);
  const datasets = datasetsOf(protectedContracts(contracts.values()), kind);
  return {
    ...{ format: 1, request, state: 'forgotten', kind },
    asked: { at: asked.at, by: asked.by, reason: asked.reason },
    approved: { at: approval.at, by: approval.by, reason: approval.reason },
    forgottenAt: last,
    erasures: erasures.flatMap(({ id, of }) => (of.kind === 'subject' ? [{ id, index: of.index }] : [])),
    keys: { groups, records: destroyed.length },
    tables: { before, after, isUnchanged: changed.length === 0, changed },
    clearColumns: datasets.map(({ contract }) => ({
      dataset: contract.dataset,
      columns: clearColumns(contract.columns),
    })),
    unreadableFrom: new Date(Date.parse(last) + LONGEST_KEPT_MS).toISOString(),
    unreadableFromBackups: await backupsDate(effects, Date.parse(last)),
    rememberedUntil: rememberedUntil.toISOString(),
  };
}

interface Forgotten {
  readonly asked: ForgetRequest;
  readonly approval: ForgetApproval;
  readonly rememberedUntil: Date;
}

async function readErasures({ objects }: Effects, ids: readonly string[]): Promise<Erasure[]> {
  const read: Erasure[] = [];
  for (const id of ids) {
    const stored = await objects.get(erasureKey(id));
    if (stored !== undefined) read.push(parseDocument(stored.body, erasureKey(id), Erasure));
  }
  return read;
}

const notForgotten = (request: string): ConfigError =>
  new ConfigError(
    'NOT_FORGOTTEN',
    `The vault has no key of whom ${request} names, and never destroyed one for it: refuse it, and ask again.`,
    { context: { request } },
  );

/** The vault gets a new key within so long, by the daily sweep; a day later where that is overdue, or more where it takes longer. */
async function backupsDate(effects: Effects, forgottenMs: number): Promise<string | null> {
  const vault = vaultOf(effects);
  if (vault.keepsRoot === true) return null;
  const renewedMs = (await vault.renewedAt()).getTime();
  const longestMs = DAY_MS + (vault.renewalTakesMs ?? 0);
  return new Date(Math.max(renewedMs + RENEWAL_MS, forgottenMs) + longestMs).toISOString();
}
