import type { Contract } from './contract.ts';
import { asList, isMap, readFields, refuseUnknown, text } from './fields.ts';
import { didYouMean } from './nearest.ts';
import { CUSTOM_PROPERTY_FIELDS } from './odcs-fields.ts';
import type { Path, Problems } from './problems.ts';

type Place = 'contract' | 'silver' | 'gold' | 'projection' | 'gold or projection' | 'column';

/** Every `assay.*` property, and where it may stand: on a contract of any layer, on those of some layers, or on a column. */
export const ASSAY_PROPERTIES = {
  'assay.layer': 'contract',
  'assay.partitionColumn': 'contract',
  'assay.csv': 'silver',
  'assay.format': 'silver',
  'assay.envelope': 'silver',
  'assay.xlsx': 'silver',
  'assay.unknownColumns': 'silver',
  'assay.duplicates': 'silver',
  'assay.redelivery': 'silver',
  'assay.key': 'silver',
  'assay.measures': 'silver',
  'assay.limits': 'silver',
  'assay.subject': 'silver',
  'assay.consent': 'silver',
  'assay.events': 'silver',
  'assay.sql': 'gold',
  'assay.inputs': 'gold or projection',
  'assay.affects': 'gold',
  'assay.carry': 'gold',
  'assay.purpose': 'gold',
  'assay.fold': 'projection',
  'assay.snapshots': 'contract',
  'assay.tend': 'contract',
  'assay.deprecated': 'contract',
  'assay.product': 'contract',
  'assay.headers': 'column',
  'assay.formats': 'column',
  'assay.number': 'column',
  'assay.timezone': 'column',
  'assay.values': 'column',
  'assay.nullValues': 'column',
  'assay.path': 'column',
  'assay.protect': 'column',
  'assay.pii': 'column',
} as const satisfies Readonly<Record<string, Place>>;

/** Whether a property may stand on contracts of a layer. */
export const isForLayer = (name: AssayProperty, layer: Contract['layer']): boolean =>
  ASSAY_PROPERTIES[name] === 'contract' || ASSAY_PROPERTIES[name].split(' or ').includes(layer);

/** The name of an `assay.*` property. */
export type AssayProperty = keyof typeof ASSAY_PROPERTIES;

/** The value of an `assay.*` property and where it stands. */
export interface CustomValue {
  readonly value: unknown;
  readonly path: Path;
}
/** What a contract or a column says in `assay.*` properties, by name. */
export type CustomValues = ReadonlyMap<AssayProperty, CustomValue>;

/** A list of customProperties: where it stands, and whether on the contract or on a column. */
export interface CustomList {
  readonly value: unknown;
  readonly path: Path;
}

const HINT = 'write property and value';
const ENTRY = { property: text('write the property name') } as const;

/**
 * The `assay.*` entries of customProperties lists. Other tools' properties are left alone; an unknown `assay.*`
 * name, one in the wrong place or one given twice is a problem.
 */
export function readCustomProperties(
  lists: readonly CustomList[],
  level: 'contract' | 'column',
  problems: Problems,
): CustomValues {
  const found = new Map<AssayProperty, CustomValue>();
  for (const { value: list, path } of lists) {
    for (const [i, entry] of asList(list, path, problems).entries()) {
      const at = [...path, i];
      refuseUnknown(entry, CUSTOM_PROPERTY_FIELDS, at, { problems, hint: HINT });
      const { property } = readFields(ENTRY, entry, at, problems);
      if (property === undefined || !isMap(entry) || !isOurs(property)) continue;
      const name = knownName(property, level, [...at, 'property'], problems);
      if (name === undefined) continue;
      if (found.has(name)) problems.add(at, `repeats ${name}; write it once`);
      else if (!('value' in entry)) problems.add(at, `gives ${name} no value; write value`);
      else found.set(name, { value: entry.value, path: [...at, 'value'] });
    }
  }
  return found;
}

/** `assay.…`, also misspelt as `Assay…` or `assay_…`; not `assayer`. */
const isOurs = (name: string): boolean => /^assay$/i.test(name.slice(0, 5)) && !/^[a-z]/.test(name.slice(5));

function isAssayProperty(name: string): name is AssayProperty {
  return Object.hasOwn(ASSAY_PROPERTIES, name);
}

function knownName(
  name: string,
  level: 'contract' | 'column',
  path: Path,
  problems: Problems,
): AssayProperty | undefined {
  if (!isAssayProperty(name)) {
    const known = Object.keys(ASSAY_PROPERTIES).filter((other) => isOn(other, level));
    const near = didYouMean(name, known) || didYouMean(name, Object.keys(ASSAY_PROPERTIES));
    problems.add(
      path,
      `is '${name}', which Assay doesn't know${near || `; here it knows ${known.join(', ')}`}`,
    );
    return undefined;
  }
  if (!isOn(name, level)) {
    const place = level === 'column' ? 'the contract or its schema object' : 'a column';
    problems.add(path, `is ${name}, which belongs on ${place}; move it there`);
    return undefined;
  }
  return name;
}

function isOn(name: string, level: 'contract' | 'column'): boolean {
  return isAssayProperty(name) && (ASSAY_PROPERTIES[name] === 'column') === (level === 'column');
}
