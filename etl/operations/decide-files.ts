import { loadContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { ConfigError } from '../errors.ts';
import { sourceName } from '../naming/bronze.ts';
import { retryOf } from '../naming/decisions.ts';
import type { Effects } from '../ports.ts';
import { requireHeld, requireSameContract } from '../stages/held-run.ts';
import type { Withheld } from '../stages/outcomes.ts';
import type { RunInput } from '../stages/stage.ts';
import { changeWithheld } from '../stages/withheld.ts';
import {
  keepDecision,
  type Readmitted,
  readWithheld,
  refuseRun,
  rewriteRecord,
  type Word,
} from './decide-run.ts';

/** A run, and files of it by their keys, or by their names where no other file of it has the same. */
export type FilesOfRun = RunInput & { readonly files: readonly string[] };

/** What was refused, and what became of the run: the rest of it is to be sealed anew, or nothing is left of it. */
export interface RefusedFiles {
  readonly kind: 'rest' | 'whole';
  readonly files: readonly string[];
}

/**
 * Refuses files of a held run. They are set aside until the contract changes or a person readmits them; the run is held
 * without them, and has no digest until it is sealed anew. Repeating it for the same files changes nothing, so that the
 * run can be sealed after a crash. Where no file is left, refuses the whole run. Throws ConfigError `NOT_HELD` where
 * the run isn't held, `NO_SUCH_FILE` where it lacks the file, and `CONTRACT_CHANGED` where it could not be sealed.
 */
export async function refuseFiles(
  effects: Effects,
  { files, ...run }: FilesOfRun,
  word: Word,
): Promise<RefusedFiles> {
  const held = requireHeld(run, await readWithheld(effects, run));
  requireSameContract(held, requireSourceContract(await loadContracts(effects.contracts), run.dataset));
  const known = [...held.keys, ...(held.refused?.keys ?? [])];
  const wanted = [...new Set(files.map((file) => findFile(run, file, { keys: known, where: 'in' })))];
  const keys = wanted.filter((key) => held.keys.includes(key));
  if (keys.length === 0 && held.sealDigest !== '') throw alreadyRefused(held, wanted);
  if (keys.length === held.keys.length) {
    await refuseRun(effects, run, word);
    return { kind: 'whole', files: keys };
  }
  if (keys.length > 0) await takeOut(effects, held, keys, word);
  const why = [...new Set([...(held.refused?.why ?? []), ...whyOf(keys, word)])];
  await rewriteRecord(effects, run, { status: 'held', sealDigest: null, why: [...why, NOT_SEALED] });
  return { kind: 'rest', files: wanted };
}

const NOT_SEALED = 'the rest of the run is not sealed anew yet';

/** Keeps the decision, and sets the files aside. */
async function takeOut(effects: Effects, held: Withheld, keys: readonly string[], word: Word): Promise<void> {
  const { dataset, runId, sealDigest } = held;
  const at = effects.clock.now().toISOString();
  const details = { sealDigest, files: keys, left: held.keys.length - keys.length };
  await keepDecision(effects, { dataset, runId, kind: 'files-refused', ...word, details });
  await changeWithheld(effects.objects, { dataset, runId }, (now) => {
    const { refused, rest = 0, ...main } = requireHeld({ dataset, runId }, now);
    const left = main.keys.filter((key) => !keys.includes(key));
    if (left.length === 0 || left.length + keys.length !== main.keys.length) throw decidedMeanwhile(held);
    const why = [...(refused?.why ?? []), ...whyOf(keys, word)];
    const all = [...(refused?.keys ?? []), ...keys];
    return { ...main, sealDigest: '', keys: left, why, at, refused: { keys: all, why, at }, rest: rest + 1 };
  });
}

/** One sentence for each file, since each may have been refused for a reason of its own. */
const whyOf = (keys: readonly string[], { by, reason }: Word): string[] =>
  keys.map((key) => `${sourceName(key)} refused by ${by}: ${reason}`);

/**
 * Gives back some of the files that were set aside with a run that was refused or rolled back, or that were refused of a
 * held one; the others stay. Throws ConfigError `NOT_WITHHELD` where one is not set aside, `STILL_HELD` where it waits for
 * a decision on its run, and `NOT_SEALED` where that run is to be sealed anew first.
 */
export async function readmitFiles(
  effects: Effects,
  { files, ...run }: FilesOfRun,
  word: Word,
): Promise<Readmitted> {
  const withheld = await readWithheld(effects, run);
  if (withheld?.decision === 'held') requireAside(withheld, files);
  const aside = asideOf(withheld).filter((key) => retryOf(run.dataset, key) === undefined);
  const keys = [
    ...new Set(files.map((file) => findFile(run, file, { keys: aside, where: 'set aside with' }))),
  ];
  const isOwn = keys.some((key) => withheld?.keys.includes(key));
  const was = isOwn ? (withheld?.decision ?? 'refused') : 'refused';
  const left = asideOf(withheld).length - keys.length;
  await keepDecision(effects, {
    ...run,
    kind: 'files-readmitted',
    ...word,
    details: { was, files: keys, left },
  });
  await changeWithheld(effects.objects, run, (now) => (now === undefined ? undefined : without(now, keys)));
  return { ...run, was, files: keys };
}

/** Keys of the files that a document sets aside for good; those of a held run only wait. */
function asideOf(withheld: Withheld | undefined): string[] {
  const own = withheld === undefined || withheld.decision === 'held' ? [] : withheld.keys;
  return [...own, ...(withheld?.refused?.keys ?? [])];
}

/** A document without some of the files that it sets aside. */
function without({ refused, ...main }: Withheld, keys: readonly string[]): Withheld {
  const isLeft = (key: string): boolean => !keys.includes(key);
  const own = main.decision === 'held' ? main.keys : main.keys.filter(isLeft);
  const others = refused?.keys.filter(isLeft) ?? [];
  if (refused === undefined || others.length === 0) return { ...main, keys: own };
  if (own.length === 0) return { ...main, ...refused, decision: 'refused', keys: others };
  return { ...main, keys: own, refused: { ...refused, keys: others } };
}

/** Throws ConfigError where files of a held run can't be given back: they wait with it, or it isn't resealed yet. */
function requireAside({ dataset, runId, keys, sealDigest }: Withheld, files: readonly string[]): void {
  const context = { dataset, runId };
  const waiting = files.find((file) => matching(file, keys).length > 0);
  if (waiting !== undefined)
    throw new ConfigError(
      'STILL_HELD',
      `${waiting} waits with run ${runId} for a decision: 'assay refuse ${runId} --file ${waiting}' refuses it and seals the rest anew, 'assay readmit ${runId}' gives back all that wait.`,
      { context },
    );
  if (sealDigest === '')
    throw new ConfigError(
      'NOT_SEALED',
      `Run ${runId} is to be sealed without what was refused of it first: 'assay show ${runId}' says whether it is.`,
      { context },
    );
}

/** The key of the one file that is meant. */
function findFile(
  run: RunInput,
  file: string,
  { keys, where }: { readonly keys: readonly string[]; readonly where: 'in' | 'set aside with' },
): string {
  const [key, ...others] = matching(file, keys);
  if (key !== undefined && others.length === 0) return key;
  throw new ConfigError(
    where === 'in' ? 'NO_SUCH_FILE' : 'NOT_WITHHELD',
    key === undefined
      ? `No source file ${file} is ${where} run ${run.runId} of ${run.dataset}: 'assay show ${run.runId}' lists its files.`
      : `${others.length + 1} files ${where} run ${run.runId} are called ${file}: name one by its key, e.g. ${key}.`,
    { context: { ...run, file } },
  );
}

const matching = (file: string, keys: readonly string[]): string[] =>
  keys.includes(file) ? [file] : keys.filter((key) => key.endsWith(`/${file}`) || sourceName(key) === file);

function alreadyRefused({ dataset, runId, sealDigest }: Withheld, keys: readonly string[]): ConfigError {
  return new ConfigError(
    'NO_SUCH_FILE',
    `${keys.join(', ')} of run ${runId} was refused already, and the rest is sealed as ${sealDigest}: 'assay show ${runId}' shows it.`,
    { context: { dataset, runId } },
  );
}

function decidedMeanwhile({ dataset, runId }: Withheld): ConfigError {
  return new ConfigError(
    'DECIDED_MEANWHILE',
    `Somebody else decided on files of run ${runId} at the same moment: look at it again with 'assay show ${runId}'.`,
    { context: { dataset, runId } },
  );
}
