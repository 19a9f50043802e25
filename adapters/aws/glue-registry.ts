import {
  GetSchemaCommand,
  GetSchemaVersionCommand,
  type GetSchemaVersionCommandInput,
  GlueClient,
} from '@aws-sdk/client-glue';
import { ConfigError } from '../../etl/errors.ts';
import {
  type CompatibilityMode,
  type RegisteredSchema,
  readSchemaId,
  type SchemaRegistry,
} from '../../stream/registry/registry.ts';
import { inAws, isNamed } from './aws-errors.ts';
import { CLIENT_CONFIG } from './client-config.ts';

const FORMATS: Readonly<Record<string, RegisteredSchema['format']>> = {
  AVRO: 'avro',
  JSON: 'json',
  PROTOBUF: 'protobuf',
};

/** Modes by the names that Glue has for them: its ALL are the transitive ones of others. DISABLED lets no version follow. */
const MODES: Readonly<Record<string, CompatibilityMode>> = {
  NONE: 'NONE',
  DISABLED: 'NONE',
  BACKWARD: 'BACKWARD',
  BACKWARD_ALL: 'BACKWARD_TRANSITIVE',
  FORWARD: 'FORWARD',
  FORWARD_ALL: 'FORWARD_TRANSITIVE',
  FULL: 'FULL',
  FULL_ALL: 'FULL_TRANSITIVE',
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Schemas of a registry of AWS Glue: by the UUID that stands in payloads, or as `glue:<schema>:<version>`. */
export function glueRegistry({ registryName }: { readonly registryName: string }): SchemaRegistry {
  const client = new GlueClient(CLIENT_CONFIG);
  const needs = (action: string): string => `glue:${action} on registry/${registryName}`;

  async function modeOf(SchemaArn: string): Promise<CompatibilityMode> {
    const doing = { doing: `reading the schema ${SchemaArn}`, needs: needs('GetSchema') };
    const { Compatibility = '' } = await inAws(doing, () =>
      client.send(new GetSchemaCommand({ SchemaId: { SchemaArn } })),
    );
    return MODES[Compatibility] ?? 'NONE';
  }
  async function version(input: GetSchemaVersionCommandInput): Promise<RegisteredSchema | undefined> {
    const doing = {
      doing: `reading a schema of the registry ${registryName}`,
      needs: needs('GetSchemaVersion'),
    };
    const found = await inAws(doing, async () => {
      try {
        return await client.send(new GetSchemaVersionCommand(input));
      } catch (error) {
        if (isNamed(error, 'EntityNotFoundException', 'InvalidInputException')) return undefined;
        throw error;
      }
    });
    if (found === undefined || found.Status !== 'AVAILABLE') return undefined;
    const { SchemaArn = '', SchemaDefinition: text = '', DataFormat = '', VersionNumber = 0 } = found;
    const [registry, subject = ''] = SchemaArn.split(':schema/')[1]?.split('/') ?? [];
    // A UUID may be of another registry of the account.
    if (registry !== registryName) return undefined;
    const format = FORMATS[DataFormat];
    if (format === undefined)
      throw new ConfigError(
        'SCHEMA_FORMAT',
        `${subject} of ${registryName} is ${DataFormat}, which nobody reads here.`,
      );
    const id = `glue:${subject}:${VersionNumber}`;
    return { id, subject, version: VersionNumber, format, text, compatibility: await modeOf(SchemaArn) };
  }
  const named = (subject: string) => ({ RegistryName: registryName, SchemaName: subject });
  return {
    async schema(id) {
      if (UUID.test(id)) return await version({ SchemaVersionId: id });
      const parts = readSchemaId(id);
      if (parts?.registry !== 'glue') return undefined;
      const SchemaVersionNumber = { VersionNumber: parts.version };
      return await version({ SchemaId: named(parts.subject), SchemaVersionNumber });
    },
    latest: (subject) => version({ SchemaId: named(subject), SchemaVersionNumber: { LatestVersion: true } }),
  };
}
