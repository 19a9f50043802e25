import type { ContractBase, GoldContract } from './contract.ts';
import type { AssayProperty, CustomValues } from './custom-properties.ts';
import { choice, flag, listOf, matching, readFields, readValue } from './fields.ts';
import type { Path, Problems } from './problems.ts';
import { readPurpose } from './read-consent.ts';

/** What a Gold contract says beside its columns. */
export type GoldSettings = Pick<GoldContract, 'sql' | 'inputs' | 'affects' | 'carry' | 'purpose'>;

const SHAPE = {
  'assay.sql': matching(
    /^[a-z][a-z0-9_]*(?:\/[a-z][a-z0-9_]*)*\.sql$/,
    'write the path of its SQL under sql/gold, e.g. finance/account_balances.sql',
  ),
  'assay.inputs': listOf(
    matching(/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/, 'write a Silver dataset as <domain>.<name>'),
    'write the Silver datasets that the SQL reads as [domain.name]',
    1,
  ),
  'assay.affects': choice(['same-month', 'month-and-later']),
} as const;

/** What the settings are read from; `at` is where they are missing. */
interface Read extends Pick<ContractBase, 'key' | 'partitionColumn'> {
  readonly custom: CustomValues;
  readonly at: Path;
}

/** Reads the settings of a Gold contract; all but carry and purpose it must have. */
export function readGoldSettings(read: Read, problems: Problems): GoldSettings {
  const { custom, at } = read;
  const one = (name: AssayProperty): unknown => custom.get(name)?.value;
  const values = Object.fromEntries((Object.keys(SHAPE) as AssayProperty[]).map((name) => [name, one(name)]));
  const placed: Problems = {
    list: problems.list,
    add: (path, message) => {
      const [name, ...rest] = path;
      const given = custom.get(name as AssayProperty);
      const where =
        given === undefined ? [...at, 'customProperties', String(name)] : [...given.path, ...rest];
      problems.add(where, message);
    },
  };
  const fields = readFields(SHAPE, values, [], placed);
  const affects = fields['assay.affects'] ?? 'month-and-later';
  return {
    sql: fields['assay.sql'] ?? '',
    inputs: [...new Set(fields['assay.inputs'] ?? [])],
    affects,
    ...readCarry({ ...read, affects }, problems),
    ...readPurpose(custom, problems),
  };
}

/** Whether the table is made from its own month before, and what it says besides that does not go with it. */
function readCarry(
  { custom, key, partitionColumn, affects }: Read & Pick<GoldSettings, 'affects'>,
  problems: Problems,
): Pick<GoldSettings, 'carry'> {
  const given = custom.get('assay.carry');
  if (given === undefined || readValue(flag, given.value, given.path, problems) !== true) return {};
  const add = (message: string): void => problems.add(given.path, message);
  if (affects === 'same-month')
    add(
      'is true, so that a changed month changes the later ones; write assay.affects: month-and-later, or remove it',
    );
  if (custom.has('assay.purpose'))
    add(
      'is true, but the table is made from those who consent to its purpose: figures of who withdraws would be carried on. Remove one of the two',
    );
  if (key.length > 0 && partitionColumn !== '' && !key.includes(partitionColumn))
    add(
      `is true, so that a month has rows of its own for what the month before has; write primaryKey: true on ${partitionColumn}`,
    );
  return { carry: true };
}
