import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tempFolder } from '../../adapters/temp-folder.ts';
import { assay, startAssay } from '../../cli/assay.ts';
import { begin, type Enforcing, linesUnder } from './enforcing.ts';

/** The topic that the example's policy knows. */
export const CHANGES = 'warehouse.public.stock';

/** A lake whose enforcer reads the changes of a table, with a copy of the contract and the policy of examples/changes. */
export interface ChangeLake {
  readonly cwd: string;
  start(): Enforcing;
  /** Runs the dataset: what landed is published. */
  run(): Promise<void>;
  /** Rows of `assay query`; `{{current-stock}}` is the SQL of that file. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Replaces a text in a file. Throws where it isn't there. */
  change(file: string, was: string, is: string): Promise<void>;
  evidence(): Promise<Record<string, unknown>[]>;
  dispose(): Promise<void>;
}

/** Makes one in a temporary folder. */
export async function openChangeLake(bootstrap: string, evidenceTopic: string): Promise<ChangeLake> {
  const { folder: cwd, dispose } = await tempFolder();
  await cp('examples/changes', cwd, { recursive: true });
  const place = { cwd, env: { ASSAY_CONTRACTS: 'contracts' } };
  await done(['init', '--lake', 'lake']);
  async function done(args: readonly string[]): Promise<string> {
    const { code, out, err } = await assay(args, place);
    if (code !== 0) throw new Error(`assay ${args.join(' ')} ended with ${code}: ${out}${err}`);
    return out;
  }
  const query = async (sql: string): Promise<Record<string, unknown>[]> => {
    const current = await readFile(path.join(cwd, 'current-stock.sql'), 'utf8');
    return JSON.parse(await done(['query', sql.replace('{{current-stock}}', current), '--json']));
  };
  const args = ['--bootstrap', bootstrap, '--topic', CHANGES, '--group', `group-${CHANGES}`];
  return {
    cwd,
    start: () =>
      begin(
        startAssay(
          [
            ...['enforce', ...args, '--from-start', '--evidence-topic', evidenceTopic],
            ...['--policies', 'policies', '--session-seconds', '1', '--no-run'],
          ],
          place,
        ),
      ),
    query,
    async run() {
      await done(['run', '--dataset', 'warehouse.stock_changes']);
    },
    async change(file, was, is) {
      const text = await readFile(path.join(cwd, file), 'utf8');
      if (!text.includes(was)) throw new Error(`${file} has no '${was}'.`);
      await writeFile(path.join(cwd, file), text.replace(was, is));
    },
    evidence: () => linesUnder(path.join(cwd, 'lake/ops/evidence')),
    dispose,
  };
}
