import { auditDataset } from '../../audit/audit-dataset.ts';
import { closedStates } from '../../closing/closed-states.ts';
import type { SourceContract } from '../../contract/contract.ts';
import { type LoadedContracts, loadContracts, requireSourceContract } from '../../contract/load-contracts.ts';
import { ConfigError, DataError } from '../../errors.ts';
import { runsUnderWay } from '../../operations/runs-under-way.ts';
import type { Effects } from '../../ports.ts';
import { isProtected, protectionOf } from '../../privacy/protection.ts';
import type { Vault } from '../../privacy/vault.ts';
import { awaitsMigration } from '../../stages/awaits-migration.ts';
import { readKnownPointer } from '../../stages/known-pointer.ts';
import { listWithheld } from '../../stages/list-sources.ts';
import { tablesOfAll } from '../../table/generations.ts';
import { openTable } from '../../table/lake-table.ts';
import type { Pointer, ReadPointer } from '../../table/pointer.ts';
import { vaultOf } from '../vault-of.ts';
import { reportsOn } from './reports-on.ts';
import { unknownReport } from './unknown-reports.ts';

/** A dataset that is to be adopted, as it stands. */
export interface Adoptable {
  readonly loaded: LoadedContracts;
  readonly contract: SourceContract;
  readonly base: ReadPointer | undefined;
  /** Whether its tables are of before, and are made anew. */
  readonly isMigration: boolean;
  readonly vault: Vault;
}

/** A run that wrote nothing for so long is none any more. */
const SILENT_MS = 15 * 60_000;

/** The dataset, its contract and a vault that answers; throws ConfigError `NOT_PROTECTED` where nothing of it is protected. */
export async function findAdoptable(effects: Effects, dataset: string): Promise<Adoptable> {
  const loaded = await loadContracts(effects.contracts);
  const contract = requireSourceContract(loaded, dataset);
  if (!isProtected(protectionOf(contract)))
    throw new ConfigError(
      'NOT_PROTECTED',
      `The contract of ${dataset} protects no column, so that there is nothing to adopt: say assay.protect where values are personal, as a new major version, and try again.`,
      { context: { dataset } },
    );
  const vault = vaultOf(effects);
  await vault.columns();
  const base = await readKnownPointer(effects.objects, 'silver', dataset);
  const isMigration = base !== undefined && (await awaitsMigration(effects, contract, base.pointer));
  return { loaded, contract, base, isMigration, vault };
}

/**
 * Throws where what is there must not be removed, or can't be now: ConfigError `RUN_HELD`, `RUN_ACTIVE`, `CLOSED_MONTHS`,
 * `REPORT_UNKNOWN` or `TAGGED`, and DataError `NOT_SOUND` where an audit finds something.
 */
export async function requireAdoptable(
  effects: Effects,
  { loaded, contract, base, isMigration }: Adoptable,
  ownRun: string | undefined,
): Promise<void> {
  const { dataset } = contract;
  const refuse = (code: string, why: string): never => {
    throw new ConfigError(code, `${dataset} can't be adopted now: ${why}`, { context: { dataset } });
  };
  const held = (await listWithheld(effects, dataset)).find(({ decision }) => decision === 'held');
  if (held !== undefined)
    refuse(
      'RUN_HELD',
      `run ${held.runId} waits for a decision. Approve or refuse it first ('assay show ${held.runId}').`,
    );
  const now = effects.clock.now().getTime();
  const active = (await runsUnderWay(effects, dataset)).find(
    ({ runId, wroteMs }) => runId !== ownRun && now - wroteMs < SILENT_MS,
  );
  if (active !== undefined)
    refuse(
      'RUN_ACTIVE',
      `run ${active.runId} is under way, or was killed in the last minutes. Wait for its end.`,
    );
  if (base === undefined || !isMigration) return;
  if ((await closedStates(effects, loaded, dataset)).size > 0)
    refuse(
      'CLOSED_MONTHS',
      'months of a report on it were closed, and the figures of a closed month can always be traced to the records of then, which adopting removes. Give the protected dataset another name, and bring its sources there.',
    );
  const unknown = await unknownReport(effects, loaded, dataset);
  if (unknown !== undefined)
    refuse(
      'REPORT_UNKNOWN',
      `${unknown.dataset} was made from it, and has no contract that can be used: what it holds could not be made anew. Put its contract right ('assay contracts check'), or remove its files yourself (its pointer is ${unknown.key}).`,
    );
  await requireUntagged(effects, base.pointer, refuse);
  for (const report of reportsOn(loaded, dataset)) {
    const made = await readKnownPointer(effects.objects, report.layer, report.dataset);
    if (made !== undefined) await requireUntagged(effects, made.pointer, refuse);
  }
  const { problems } = await auditDataset(effects, { dataset });
  const [first] = problems;
  if (first !== undefined)
    throw new DataError(
      'NOT_SOUND',
      `${dataset} is not adopted, for an audit finds ${problems.length} problems with it, the first at ${first.key}: ${first.problem}. What can't be proven now could not be found again afterwards.`,
      { context: { dataset, problems: problems.length } },
    );
}

async function requireUntagged(
  { objects }: Effects,
  pointer: Pointer,
  refuse: (code: string, why: string) => never,
): Promise<void> {
  for (const { layer, state } of tablesOfAll(pointer)) {
    const { metadata } = await openTable(objects, state);
    const tag = Object.keys(metadata.refs).find((name) => name !== 'main');
    if (tag !== undefined)
      refuse(
        'TAGGED',
        `the tag or branch '${tag}' keeps a snapshot of ${layer}.${pointer.dataset}, which would go. Drop it with the engine that made it.`,
      );
  }
}
