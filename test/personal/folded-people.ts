import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain } from '../cli/run-main.ts';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { foundInLake } from './found-in-lake.ts';

/** The contract of what happened to people: before anything was protected, and since. */
export function eventsContract(as: 'clear' | 'protected', version = '1.0.0'): string {
  const column = (name: string, how: string, required = false) => ({
    ...{ name, required, classification: 'personal' },
    ...(as === 'clear' ? {} : { assay: { protect: { as: how, group: 'contact' } } }),
  });
  return contractText({
    dataset: 'crm.events',
    version,
    columns: [
      { name: 'event', required: true },
      column('customer', 'pseudonym', true),
      { name: 'nr', type: 'integer', required: true },
      { name: 'what', required: true, classification: 'confidential' },
      { name: 'at', type: 'timestamp', required: true },
      column('phone', 'encrypted'),
      { name: 'amount', type: 'integer' },
    ],
    assay: {
      limits: NO_LIMITS,
      ...(as === 'clear' ? {} : { subject: { column: 'customer', kind: 'customer' } }),
      events: { stream: 'customer', type: 'what', at: 'at', version: 'nr', id: 'event' },
    },
  });
}

/** What is known of each of them, by code of our own. */
export const PEOPLE = contractText({
  dataset: 'crm.people',
  columns: [
    { name: 'customer', key: true, classification: 'personal' },
    { name: 'phone', classification: 'personal' },
    { name: 'note' },
    { name: 'moves', type: 'integer', required: true },
    { name: 'spent', type: 'integer', required: true },
  ],
  assay: { layer: 'projection', inputs: ['crm.events'] },
});
export const CODE = `
export const initial = { phone: null, phones: [], spent: 0 };
export function apply(state, event) {
  const phones = event.phone === null ? state.phones : [...state.phones, event.phone];
  return { phone: event.phone ?? state.phone, phones, spent: state.spent + Number(event.amount ?? 0n) };
}
export function rows({ phone, phones, spent }) { return [{ phone, moves: phones.length, spent }]; }
`;

/** The same by a fold that ships. */
export const NOW = contractText({
  dataset: 'crm.now',
  columns: [
    { name: 'customer', key: true, classification: 'personal' },
    { name: 'phone', classification: 'personal' },
  ],
  assay: { layer: 'projection', inputs: ['crm.events'], fold: 'current_state' },
});

/** Values that stand nowhere else. */
export const ANN = ['planted-ann-first', 'planted-ann-later', 'planted-ann-late!'] as const;
export const BEN = ['planted-ben-first', 'planted-ben-later', 'planted-ben-late!'] as const;
const IDS = { ann: 'C-ann-planted-Overbeck', ben: 'C-ben-planted-Overbeck' } as const;
export const ANN_ID = IDS.ann;

/** An event of a person with one of their phones: Ben's amounts are the event's number, Ann's a hundred times that. */
export const line = (who: 'ann' | 'ben', nr: number, phone: 0 | 1 | 2): string =>
  `${who}-${nr},${IDS[who]},${nr},moved,2024-05-0${nr}T00:00:00Z,${(who === 'ann' ? ANN : BEN)[phone]},${nr * (who === 'ann' ? 100 : 1)}`;

export const HEADER = 'event,customer,nr,what,at,phone,amount';

/** A row of crm.people. */
export interface Person {
  readonly customer: string;
  readonly phone: string;
  readonly spent: number;
}

/** A lake with people's events and what they come to, as its users meet it: by the command. */
export class PeopleLake {
  readonly cwd: string;
  readonly env = { ASSAY_VAULT_KEY: randomBytes(32).toString('hex') };
  readonly dispose: () => Promise<void>;

  private constructor({ folder, dispose }: Awaited<ReturnType<typeof tempFolder>>) {
    this.cwd = folder;
    this.dispose = dispose;
  }

  /** Makes it, with two events of each of two people. */
  static async open(as: 'clear' | 'protected'): Promise<PeopleLake> {
    const lake = new PeopleLake(await tempFolder());
    await lake.write('contracts/crm/events.yaml', eventsContract(as));
    await lake.write('contracts/crm/people.yaml', PEOPLE);
    await lake.write('contracts/crm/now.yaml', NOW);
    await lake.write('projections/crm/people.js', CODE);
    await lake.assay('init');
    await lake.assay('vault', 'init');
    await lake.bring('a.csv', line('ann', 1, 0), line('ann', 3, 1), line('ben', 1, 0), line('ben', 3, 1));
    return lake;
  }

  /** How a command ends, whatever that is. */
  run = (...args: string[]) => runMain(args, { cwd: this.cwd, env: this.env });

  /** What a command says; throws where it fails. */
  async assay(...args: string[]): Promise<string> {
    const { code, out, err } = await this.run(...args);
    if (code !== 0) throw new Error(`assay ${args.join(' ')} ended with ${code}: ${out}${err}`);
    return out;
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.assay(...args, '--json')) as T;
  }

  async write(file: string, text: string): Promise<void> {
    await mkdir(path.dirname(path.join(this.cwd, file)), { recursive: true });
    await writeFile(path.join(this.cwd, file), text);
  }

  /** Brings a file of events, and runs. */
  async bring(name: string, ...lines: string[]): Promise<void> {
    await this.write(name, `${[HEADER, ...lines].join('\n')}\n`);
    await this.assay('ingest', name, '--dataset', 'crm.events');
    await this.assay('run');
  }

  people = (): Promise<Person[]> => this.json('query', 'SELECT * FROM projection.crm_people ORDER BY spent');

  /** Where planted values stand below the folder of the lake, as programs without any code of ours find them. */
  async planted(): Promise<string[]> {
    const root = path.join(this.cwd, 'lake');
    const { files, found } = await foundInLake(root, [...ANN, ...BEN, ...Object.values(IDS)]);
    if (files < 50) throw new Error(`Only ${files} files were looked through.`);
    return found.map(([file, value, way]) => `${path.relative(root, file)} ${value} ${way}`);
  }
}
