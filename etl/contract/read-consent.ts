import type { Consent } from './contract.ts';
import type { CustomValues } from './custom-properties.ts';
import { isMap, matching, readFields, readValue, refuseUnknown } from './fields.ts';
import type { Problems } from './problems.ts';

const PURPOSE = matching(/^[a-z][a-z0-9_]*$/, 'write the purpose in small letters, e.g. marketing');

const FIELDS = {
  dataset: matching(
    /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/,
    'write the Silver dataset that has the states of consent as <domain>.<name>',
  ),
  column: matching(/^[a-z][a-z0-9_]*$/, 'write the boolean column that is true where somebody consents'),
} as const;

/** Reads `assay.consent`: for each purpose, where the consent of whom the records are about stands. */
export function readConsent(
  custom: CustomValues,
  problems: Problems,
): { readonly consent?: Readonly<Record<string, Consent>> } {
  const given = custom.get('assay.consent');
  if (given === undefined) return {};
  const { value, path } = given;
  if (!isMap(value) || Object.keys(value).length === 0) {
    problems.add(path, 'is no map; write e.g. {marketing: {dataset: shop.consents, column: agreed}}');
    return {};
  }
  const found = Object.entries(value).flatMap(([purpose, said]): [string, Consent][] => {
    const at = [...path, purpose];
    readValue(PURPOSE, purpose, at, problems);
    refuseUnknown(said, Object.keys(FIELDS), at, { problems, hint: 'use dataset, column' });
    const { dataset, column } = readFields(FIELDS, said, at, problems);
    return dataset === undefined || column === undefined ? [] : [[purpose, { dataset, column }]];
  });
  return { consent: Object.fromEntries(found) };
}

/** Reads `assay.purpose` of a Gold table. */
export function readPurpose(custom: CustomValues, problems: Problems): { readonly purpose?: string } {
  const given = custom.get('assay.purpose');
  const purpose = given === undefined ? undefined : readValue(PURPOSE, given.value, given.path, problems);
  const snapshots = custom.get('assay.snapshots');
  if (given !== undefined && snapshots !== undefined)
    problems.add(
      snapshots.path,
      'stands beside assay.purpose: earlier states hold those who withdrew their consent since, so only the newest stays; remove it',
    );
  return purpose === undefined ? {} : { purpose };
}
