import { ConfigError } from '../errors.ts';
import { heldPrefix, runsPrefix } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { RunRecord } from '../stages/outcomes.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import { idOf, newestKeys } from './newest-keys.ts';

/** What reading the runs' records takes. */
type Records = Pick<Effects, 'objects' | 'clock'>;

/**
 * The keys of the runs' records, of one dataset or of all, newest first; with `before`, only of runs that began before
 * the one of that id. Lists lazily: stopping early saves listings.
 */
export function runKeys(
  { objects, clock }: Records,
  { dataset, before }: { readonly dataset?: string | undefined; readonly before?: string | undefined } = {},
): AsyncGenerator<string> {
  return newestKeys(objects, runsPrefix(dataset), {
    nowMs: clock.now().getTime(),
    ...(before === undefined ? {} : { before }),
  });
}

/** The keys of the records of the runs that are held, of one dataset or of all, newest first: each has a mark. */
export async function* heldRunKeys(
  { objects }: Records,
  { dataset, before }: { readonly dataset?: string | undefined; readonly before?: string | undefined } = {},
): AsyncGenerator<string> {
  const marks = await objects.list(heldPrefix(dataset));
  const found = marks.map(({ key }) => key).filter((key) => before === undefined || idOf(key) < before);
  for (const key of found.sort((a, b) => (idOf(a) < idOf(b) ? 1 : -1)))
    yield `${runsPrefix()}${key.slice(heldPrefix().length)}`;
}

/** A run's record by its key; undefined where it is gone. */
export async function readRun({ objects }: Records, key: string): Promise<RunRecord | undefined> {
  const stored = await objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, RunRecord);
}

/** The run whose id begins with a text; throws ConfigError where none does, or several. */
export async function findRun(effects: Records, prefix: string): Promise<RunRecord> {
  const objects = await effects.objects.list(runsPrefix());
  const keys = objects.map(({ key }) => key).filter((key) => key.endsWith('.json'));
  const exact = keys.filter((key) => idOf(key) === prefix);
  const found = exact.length > 0 ? exact : keys.filter((key) => idOf(key).startsWith(prefix));
  const [first] = found;
  if (first === undefined) throw noRun(prefix, keys);
  if (found.length > 1) throw ambiguous(prefix, found);
  const run = await readRun(effects, first);
  if (run === undefined)
    throw new ConfigError('NO_RUN', `Run ${prefix} is gone.`, { context: { run: prefix } });
  return run;
}

function noRun(prefix: string, keys: readonly string[]): ConfigError {
  const newest = keys.map(idOf).sort().at(-1);
  const hint =
    newest === undefined ? 'There are no runs yet.' : `The newest is ${newest}; \`assay runs\` lists them.`;
  return new ConfigError('NO_RUN', `No run's id begins with '${prefix}'. ${hint}`, {
    context: { run: prefix },
  });
}

function ambiguous(prefix: string, found: readonly string[]): ConfigError {
  const ids = found.map(idOf).sort().reverse();
  const more = ids.length > 5 ? ' …' : '';
  return new ConfigError(
    'AMBIGUOUS_RUN',
    `${ids.length} runs begin with '${prefix}': ${ids.slice(0, 5).join(', ')}${more}. Write more of it.`,
    { context: { run: prefix } },
  );
}

/** The run of an id; throws ConfigError `NO_RUN` where there is none. */
export async function requireRun(effects: Records, runId: string): Promise<RunRecord> {
  // The first match began no later than the id says: listing about a day finds it, whatever its age.
  for await (const key of runKeys(effects, { before: `${runId}~` })) {
    const run = idOf(key) === runId ? await readRun(effects, key) : undefined;
    if (run !== undefined) return run;
    break;
  }
  throw new ConfigError('NO_RUN', `There is no run ${runId}.`, { context: { run: runId } });
}
