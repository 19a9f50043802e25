import { join } from 'node:path';
import { z } from 'zod';
import type { SourceContract } from '../contract/contract.ts';
import { knowsRepeats } from '../contract/record-key.ts';
import { integerOf, readParquet, textOf, withEngine } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { breakerKey, sealKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { NEW_ERRORS_SQL } from '../sealing/verdicts.ts';
import { openDatasetTables } from './dataset-tables.ts';
import { replacedFiles, Seal } from './documents.ts';
import { judgeMigration } from './judge-migration.ts';
import { ledgerRows } from './ledger.ts';
import { Approval, Breaker } from './outcomes.ts';
import { personalData } from './personal-data.ts';
import { readersSee } from './readers-see.ts';
import { loadRun, type RunContext } from './run-context.ts';
import { defineStage, RunInput } from './stage.ts';
import { getDocument, parseDocument, putDocument } from './stored-documents.ts';

const GateInput = RunInput.extend({
  /** Set where a held run was sealed again after its approval, because its base moved. */
  approved: Approval.optional(),
});
const GateOutput = z.object({ decision: z.enum(['promote', 'hold', 'refuse']), why: z.array(z.string()) });

/**
 * Compares a seal with the contract's limits: promote within them, hold for a person beyond them, refuse where
 * conservation isn't proven. Opens the circuit breaker when one code piles up. A run that a person approved
 * is measured against the approval alone: promote where the verdicts are still those, hold where they changed. What is
 * left of a run of which a person refused files is held, within the limits or not: to refuse publishes nothing. A migration
 * is refused where it would lose what nobody accepted to lose, or break Gold; it is no delivery, which limits are for.
 */
export const gate = defineStage({
  name: 'gate',
  input: GateInput,
  output: GateOutput,
  run: async ({ dataset, runId, approved }, effects) => {
    const context = await loadRun(effects, { dataset, runId });
    const seal = await getDocument(effects.objects, sealKey(dataset, context.contract.version, runId), Seal);
    if (seal.unproven.length > 0) {
      return {
        decision: 'refuse' as const,
        why: someOf(seal.unproven.map(({ key, problem }) => `${key}: ${problem}`)),
      };
    }
    if (context.plan.generation !== undefined) {
      const why = await judgeMigration(effects, context, seal);
      return { decision: why.length === 0 ? ('promote' as const) : ('refuse' as const), why: someOf(why) };
    }
    if (approved !== undefined) return checkVerdicts(seal, approved, context);
    const why = [
      ...beyondLimits(seal, context.contract),
      ...personalData(seal, context.contract),
      ...lostFiles(seal, context),
    ];
    if (context.plan.rest !== undefined) return { decision: 'hold' as const, why: [...why, REST] };
    const breaker = await findBreaker(effects, context, seal);
    if (breaker !== undefined) {
      await putDocument(effects.objects, breakerKey(dataset), breaker);
      await tellOpened(effects, breaker, context);
      why.push(
        `the circuit breaker opened: ${breaker.count} errors ${breaker.code} within ${breaker.windowMinutes} minutes`,
      );
    }
    return { decision: why.length === 0 ? ('promote' as const) : ('hold' as const), why };
  },
});

/** So many reasons, cut to so many characters each, go by value: the workflow's record takes 256 KiB, an alert as much. */
const MOST_REASONS = 20;
const REASON_CHARACTERS = 1_500;

/** Reasons as they go from stage to stage: the first ones, and how many more the seal has. */
function someOf(why: readonly string[]): string[] {
  const first = why.slice(0, MOST_REASONS).map((one) => one.slice(0, REASON_CHARACTERS));
  const more = why.length - first.length;
  return more === 0 ? first : [...first, `and ${more} more`];
}

/** The whole run's seal counted its errors already, so it opens no breaker. */
const REST = 'files of it were refused by a person, and what is left waits for one';

/** Alerts people that the whole dataset has stopped. The alert that the run is held covers one run only. */
async function tellOpened(effects: Effects, breaker: Breaker, { base }: RunContext): Promise<void> {
  const { dataset, runId, code, count, windowMinutes, openedAt } = breaker;
  await effects.alerts.send({
    kind: 'breaker-open',
    dataset,
    runId,
    at: openedAt,
    title: `The circuit breaker of ${dataset} opened: ${count} errors ${code} within ${windowMinutes} minutes. No run of it starts until a person closes it.`,
    readersSee: await readersSee(effects, base),
    nextCommand: `assay breaker status ${dataset}`,
    details: { code, count, windowMinutes },
  });
}

/** Publishes an approved run only if its result is still the approved one. */
function checkVerdicts(seal: Seal, approved: Approval, { base }: RunContext): z.infer<typeof GateOutput> {
  if (approved.digest === seal.digest) return { decision: 'promote', why: [] };
  const { records, silver, quarantined, condemned } = seal.counts;
  const moved = base === undefined ? '' : ` Run ${base.run_id} committed at ${base.committed_at}.`;
  return {
    decision: 'hold',
    why: [
      `${approved.by} approved ${approved.digest}, but the base moved since and the verdicts changed: of ${records} records ${silver} are silver, ${quarantined} quarantined and ${condemned} condemned now.${moved} It needs a new look`,
    ],
  };
}

/** Published files that can't be read again, so that Silver would lose their rows. */
function lostFiles(seal: Seal, { plan }: RunContext): string[] {
  const replaced = new Set(replacedFiles(plan));
  const lost = seal.files.filter((file) => file.status === 'rejected' && replaced.has(file.sourceFileId));
  if (lost.length === 0) return [];
  return [
    `${lost.length} files that were published can't be read any more, so that their rows would go, e.g. ${lost[0]?.key}: ${lost[0]?.note}`,
  ];
}

/**
 * The limits that a seal breaks, one sentence each. A record that can't be parsed counts as many as it has lines: each
 * may have been a record.
 */
export function beyondLimits(seal: Seal, contract: SourceContract): string[] {
  const { first: counts = seal.counts, spanLines = { quarantined: 0, condemned: 0 } } = seal;
  const { maxQuarantineRate, smallBatchRecords, maxCondemned } = contract.limits;
  const quarantined = counts.quarantined + spanLines.quarantined;
  const gaveWay = seal.superseded?.records ?? 0;
  const condemned = counts.condemned + spanLines.condemned + gaveWay;
  const tested = testedOf(seal);
  const rate = quarantined / Math.max(tested, smallBatchRecords);
  const why: string[] = [];
  if (rate >= maxQuarantineRate) {
    const share = `${((quarantined / Math.max(tested, 1)) * 100).toFixed(1)} %`;
    const limit = `the limit is ${maxQuarantineRate * 100} %`;
    why.push(`${counted(quarantined, counts.quarantined)} of ${tested} records (${share}) failed; ${limit}`);
  }
  if (condemned >= maxCondemned)
    why.push(
      `${counted(condemned - gaveWay, counts.condemned)} records are condemned${gaveWay === 0 ? '' : `, and ${gaveWay} events of Silver give way to others`}; the limit is ${maxCondemned}`,
    );
  return why;
}

/** Records that came for the first time and were tested, those that can't be parsed by their lines. */
function testedOf({ counts, first, spanLines }: Seal): number {
  const { quarantined, condemned } = first ?? counts;
  const lines = (spanLines?.quarantined ?? 0) + (spanLines?.condemned ?? 0);
  return counts.silver + quarantined + condemned + lines;
}

function counted(lines: number, records: number): string {
  return lines === records ? String(records) : `${lines} (${records}, counted by their lines)`;
}

/** The code that opens the breaker, counting this run and what was committed within the window. */
async function findBreaker(effects: Effects, context: RunContext, seal: Seal): Promise<Breaker | undefined> {
  const { breakerErrors, breakerShare, breakerWindowMinutes } = context.contract.limits;
  const windowStart = new Date(effects.clock.now().getTime() - breakerWindowMinutes * 60_000).toISOString();
  const resetAt = await lastReset(effects, seal.dataset);
  const since = resetAt !== undefined && resetAt > windowStart ? resetAt : windowStart;
  const recent = await recentErrors(effects, context, since);
  const tested = testedOf(seal) + recent.tested;
  const { quarantined = 0, condemned = 0 } = seal.spanLines ?? {};
  const { reasons } = seal.first ?? seal;
  for (const code of new Set([...Object.keys(reasons), ...recent.codes.keys()])) {
    // Keys that were destroyed are no error of the source.
    if (code === 'FORGOTTEN') continue;
    const lines = code === 'STRUCTURE_ERROR' ? quarantined + condemned : 0;
    const count = (reasons[code] ?? 0) + lines + (recent.codes.get(code) ?? 0);
    if ((reasons[code] ?? 0) > 0 && count > breakerErrors && count >= breakerShare * tested) {
      const openedAt = effects.clock.now().toISOString();
      return {
        dataset: seal.dataset,
        openedAt,
        runId: seal.runId,
        code,
        count,
        windowMinutes: breakerWindowMinutes,
      };
    }
  }
  return undefined;
}

/** When a person last closed the breaker; older errors are dealt with. */
async function lastReset(effects: Effects, dataset: string): Promise<string | undefined> {
  const key = breakerKey(dataset);
  const stored = await effects.objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, Breaker).resetAt;
}

async function recentErrors(
  effects: Effects,
  { contract, base, plan }: RunContext,
  since: string,
): Promise<{ codes: Map<string, number>; tested: number }> {
  if (base === undefined || base.committed_at < since) return { codes: new Map(), tested: 0 };
  const tables = openDatasetTables(effects, contract, base);
  const rejects = [...(await tables.paths('quarantine')), ...(await tables.paths('condemned'))];
  const ledger = await tables.paths('source_files');
  const scratch = await effects.openScratch(`gate-${plan.runId}`);
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), async (engine) => {
      const codes = new Map<string, number>();
      if (rejects.length > 0) {
        const rows = await engine.rows(
          `SELECT code, count(*) AS n FROM (SELECT unnest(reasons).code AS code FROM ${readParquet(rejects)}
           WHERE ingestion_timestamp >= CAST(${literal(since)} AS TIMESTAMPTZ)${knowsRepeats(contract) ? ` AND ${NEW_ERRORS_SQL}` : ''}) GROUP BY code`,
        );
        for (const row of rows) codes.set(textOf(row, 'code'), integerOf(row, 'n'));
      }
      if (ledger.length === 0) return { codes, tested: 0 };
      const [row = {}] = await engine.rows(
        `SELECT CAST(coalesce(sum(records - blank - coalesce(footer, 0) - coalesce(repeats, 0) - coalesce(forgotten, 0)), 0) AS BIGINT) AS n FROM (${await ledgerRows(tables)})
         WHERE processed_at >= CAST(${literal(since)} AS TIMESTAMPTZ)`,
      );
      return { codes, tested: integerOf(row, 'n') };
    });
  } finally {
    await scratch.dispose();
  }
}
