import type { Lake } from '../adapters/local/lake.ts';
import { ConfigError } from '../etl/errors.ts';
import { runsPrefix } from '../etl/naming.ts';
import { parseDocument } from '../etl/stages/documents.ts';
import { RunRecord } from '../etl/stages/outcomes.ts';

/** The keys of the runs' records, of one dataset or of all, newest first. */
export async function runKeys(lake: Lake, dataset?: string): Promise<string[]> {
  const objects = await lake.effects.objects.list(runsPrefix(dataset));
  const keys = objects.map(({ key }) => key).filter((key) => key.endsWith('.json'));
  return keys.sort((a, b) => (runIdOf(a) < runIdOf(b) ? 1 : -1));
}

/** Run ids begin with their moment. */
const runIdOf = (key: string): string => (key.split('/').at(-1) ?? '').replace(/\.json$/, '');

/** A run's record by its key; undefined where it is gone. */
export async function readRun(lake: Lake, key: string): Promise<RunRecord | undefined> {
  const stored = await lake.effects.objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, RunRecord);
}

/** The run whose id begins with a text; throws ConfigError where none does, or several. */
export async function findRun(lake: Lake, prefix: string): Promise<RunRecord> {
  const keys = await runKeys(lake);
  const exact = keys.filter((key) => runIdOf(key) === prefix);
  const found = exact.length > 0 ? exact : keys.filter((key) => runIdOf(key).startsWith(prefix));
  const [first] = found;
  if (first === undefined) {
    const newest =
      keys[0] === undefined
        ? 'There are no runs yet.'
        : `The newest is ${runIdOf(keys[0])}; \`assay runs\` lists them.`;
    throw new ConfigError('NO_RUN', `No run's id begins with '${prefix}'. ${newest}`, {
      context: { run: prefix },
    });
  }
  if (found.length > 1) {
    const some = found.slice(0, 5).map(runIdOf).join(', ');
    throw new ConfigError(
      'AMBIGUOUS_RUN',
      `${found.length} runs begin with '${prefix}': ${some}${found.length > 5 ? ' …' : ''}. Write more of it.`,
      { context: { run: prefix } },
    );
  }
  const run = await readRun(lake, first);
  if (run === undefined)
    throw new ConfigError('NO_RUN', `Run ${prefix} is gone.`, { context: { run: prefix } });
  return run;
}
