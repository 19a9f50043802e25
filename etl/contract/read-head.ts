import { z } from 'zod';
import type { Contract, ServiceLevel } from './contract.ts';
import { asList, choice, type Fields, isMap, matching, readFields, text } from './fields.ts';
import type { Problems } from './problems.ts';

/** What a contract says before its schema. */
export type Head = Pick<
  Contract,
  'dataset' | 'domain' | 'name' | 'version' | 'owner' | 'description' | 'sla'
>;

const NAME = /^[a-z][a-z0-9_]*$/;
const name = (example: string): z.ZodType<string> =>
  matching(NAME, `write lower-case letters, digits and underscores, e.g. ${example}`);

/** The fields of the contract itself that Assay reads. */
export const HEADER = {
  apiVersion: matching(/^v3\.\d+\.\d+$/, 'write the version of ODCS, e.g. v3.1.0'),
  kind: choice(['DataContract']),
  id: text('write an identifier that never changes'),
  version: matching(
    /^\d+\.\d+\.\d+$/,
    'write the version of the contract in quotes as major.minor.patch, e.g. 1.0.0',
  ),
  status: text('write e.g. active').optional(),
  domain: name('spend'),
  name: name('council_payments'),
} as const;

/** Dataset, owner, description and promises; absent owners and wrong promises are problems. */
export function readHead(
  fields: Fields<typeof HEADER>,
  document: Readonly<Record<string, unknown>>,
  problems: Problems,
): Head {
  const { domain = '', name: table = '', version = '' } = fields;
  const owner = ownerOf(document);
  if (owner === undefined && Object.keys(document).length > 0)
    problems.add(['team'], 'names no owner; write team: {name: …}');
  checkPurpose(document.description, problems);
  const sla = readServiceLevels(document.slaProperties, problems);
  return {
    dataset: `${domain}.${table}`,
    domain,
    name: table,
    version,
    owner: owner ?? '',
    description: descriptionOf(document.description),
    ...(sla.length === 0 ? {} : { sla }),
  };
}

/** The team's name, else the member whose role is owner, else a custom property `owner`. */
function ownerOf({ team, customProperties }: Readonly<Record<string, unknown>>): string | undefined {
  if (isMap(team) && isText(team.name)) return team.name.trim();
  const members: unknown = isMap(team) ? team.members : team;
  const owner = listed(members).find(({ role }) => typeof role === 'string' && /owner/i.test(role));
  const custom = listed(customProperties).find(({ property }) => property === 'owner');
  return [owner?.name, owner?.username, custom?.value].find(isText)?.trim();
}

/** A purpose may be left out, but not be left open, as in a contract that was inferred. */
function checkPurpose(description: unknown, problems: Problems): void {
  if (isMap(description) && 'purpose' in description && !isText(description.purpose))
    problems.add(['description', 'purpose'], 'is empty; write what the data is for, or remove it');
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';
const listed = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isMap) : [];

/** Purpose, usage and limitations as one text. */
function descriptionOf(value: unknown): string {
  if (isText(value)) return value.trim();
  if (!isMap(value)) return '';
  const parts = [value.purpose, value.usage, value.limitations].filter(isText);
  return parts.map((part) => part.trim()).join('\n\n');
}

const SLA = {
  property: text('write e.g. latency, frequency or retention'),
  value: z.union([z.string(), z.number(), z.boolean()], {
    error: () => 'is missing; write the promised value',
  }),
  unit: text('write the unit, e.g. d').optional(),
} as const;

function readServiceLevels(value: unknown, problems: Problems): ServiceLevel[] {
  return asList(value, ['slaProperties'], problems).flatMap((entry, i) => {
    const { property, value: promised, unit } = readFields(SLA, entry, ['slaProperties', i], problems);
    if (property === undefined || promised === undefined) return [];
    return [unit === undefined ? { property, value: promised } : { property, value: promised, unit }];
  });
}
