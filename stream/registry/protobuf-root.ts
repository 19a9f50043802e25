import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import type { RegisteredSchema } from './registry.ts';
import { unusable } from './schema-error.ts';

/**
 * What a Protobuf schema defines in its package, all names resolved. It is the text of a file, or, as some serializers register
 * it, the file's descriptor in Base64. Of imports, those of Protobuf itself are at hand; throws ConfigError `SCHEMA_UNUSABLE` for
 * others, and where the schema is wrong.
 */
export function protobufPackage(schema: RegisteredSchema): protobuf.NamespaceBase {
  try {
    const { root, imports, name } = isBase64(schema.text)
      ? fromDescriptor(schema.text)
      : fromText(schema.text);
    for (const file of imports) {
      const known = protobuf.common.get(file);
      if (known?.nested === undefined) throw new RangeError(`it imports ${file}, which is not at hand`);
      root.addJSON(known.nested);
    }
    root.resolveAll();
    return name === '' ? root : (root.lookup(name) as protobuf.NamespaceBase);
  } catch (error) {
    throw unusable(schema, error);
  }
}

interface ProtobufFile {
  readonly root: protobuf.Root;
  readonly imports: readonly string[];
  /** Of its package; empty where it has none. */
  readonly name: string;
}

const isBase64 = (text: string): boolean => /^[A-Za-z0-9+/]+={0,2}$/.test(text.trim());

function fromText(text: string): ProtobufFile {
  const root = new protobuf.Root();
  const { imports = [], package: name = '' } = protobuf.parse(text, root, { keepCase: true });
  return { root, imports, name };
}

function fromDescriptor(text: string): ProtobufFile {
  // The types of a decoded message name none of its fields.
  const file = descriptor.FileDescriptorProto.decode(
    Buffer.from(text, 'base64'),
  ) as descriptor.IFileDescriptorProto;
  const root = protobuf.Root.fromDescriptor({ file: [file] }, { keepCase: true });
  return { root, imports: file.dependency ?? [], name: file.package ?? '' };
}

/** The messages that a package or message defines, in the order of the text. */
export const messagesIn = ({ nestedArray }: protobuf.NamespaceBase): protobuf.Type[] =>
  nestedArray.filter((one) => one instanceof protobuf.Type);
