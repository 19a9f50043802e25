import protobuf from 'protobufjs';
import type { RegisteredSchema } from './registry.ts';
import { unusable } from './schema-error.ts';

/**
 * What the text of a Protobuf schema defines in its package, all names resolved. Of imports, those of Protobuf itself are at
 * hand; throws ConfigError `SCHEMA_UNUSABLE` for others, and where the text is wrong.
 */
export function protobufPackage(schema: RegisteredSchema): protobuf.NamespaceBase {
  try {
    const root = new protobuf.Root();
    const { imports = [], package: name } = protobuf.parse(schema.text, root, { keepCase: true });
    for (const file of imports) {
      const known = protobuf.common.get(file);
      if (known?.nested === undefined) throw new RangeError(`it imports ${file}, which is not at hand`);
      root.addJSON(known.nested);
    }
    root.resolveAll();
    return name === undefined ? root : (root.lookup(name) as protobuf.NamespaceBase);
  } catch (error) {
    throw unusable(schema, error);
  }
}

/** The messages that a package or message defines, in the order of the text. */
export const messagesIn = ({ nestedArray }: protobuf.NamespaceBase): protobuf.Type[] =>
  nestedArray.filter((one) => one instanceof protobuf.Type);
