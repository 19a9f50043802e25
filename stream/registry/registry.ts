/** How schemas of a subject may follow one another, as Confluent's and Glue's registries name it. */
export const COMPATIBILITY_MODES = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;
export type CompatibilityMode = (typeof COMPATIBILITY_MODES)[number];

/** A schema as a registry has it. */
export interface RegisteredSchema {
  /** The id as evidence names it: `<registry>:<subject>:<version>`. */
  readonly id: string;
  readonly subject: string;
  readonly version: number;
  readonly format: 'json' | 'avro' | 'protobuf';
  readonly text: string;
  /** How the subject's schemas may follow one another. */
  readonly compatibility: CompatibilityMode;
}

/** Schemas by their ids. Undefined where the registry knows no such id; throws TransientError where it can't be asked. */
export interface SchemaRegistry {
  /**
   * By an id of a policy (`<registry>:<subject>:<version>`), or one that stands in a payload (a number, or a UUID); of one that
   * several subjects share, as this subject has it where it is one of them.
   */
  schema(id: string, subject?: string): Promise<RegisteredSchema | undefined>;
  /** The newest version of a subject. */
  latest(subject: string): Promise<RegisteredSchema | undefined>;
}

/** `glue:orders.created:17` → its parts; undefined for an id of another form. */
export function readSchemaId(
  id: string,
): { readonly registry: string; readonly subject: string; readonly version: number } | undefined {
  const [, registry = '', subject = '', version = ''] = /^([a-z]+):(.+):([1-9]\d{0,8})$/s.exec(id) ?? [];
  return version === '' ? undefined : { registry, subject, version: Number(version) };
}
