import type { GoldContract } from './contract.ts';
import type { AssayProperty, CustomValues } from './custom-properties.ts';
import { choice, listOf, matching, readFields } from './fields.ts';
import type { Path, Problems } from './problems.ts';
import { readPurpose } from './read-consent.ts';

/** What a Gold contract says beside its columns. */
export type GoldSettings = Pick<GoldContract, 'sql' | 'inputs' | 'affects' | 'purpose'>;

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

/** Reads the settings of a Gold contract, all of which it must have; `at` is where they are missing. */
export function readGoldSettings(custom: CustomValues, at: Path, problems: Problems): GoldSettings {
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
  return {
    sql: fields['assay.sql'] ?? '',
    inputs: [...new Set(fields['assay.inputs'] ?? [])],
    affects: fields['assay.affects'] ?? 'month-and-later',
    ...readPurpose(custom, problems),
  };
}
