import { Buffer } from 'node:buffer';
import { execFile } from 'node:child_process';
import { appendFile, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { hasCode } from '../adapters/local/file-errors.ts';
import { NATIVE_PART } from '../adapters/local/native-part.ts';

const SOURCE = fileURLToPath(new URL('../native/row-hash.c', import.meta.url));

const FLAGS = ['-std=c11', '-O3', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-fvisibility=hidden'];

/** The native part, or why there is none. */
export type BuiltPart =
  | { readonly kind: 'built'; readonly file: string }
  | { readonly kind: 'absent'; readonly why: string };

/** Compiles native/row-hash.c by `compiler` (cc unless said) to a file that DuckDB loads. */
export async function buildNativePart(file = NATIVE_PART, compiler = 'cc'): Promise<BuiltPart> {
  const system = `${process.platform}-${process.arch}`;
  if (system !== 'linux-x64') return { kind: 'absent', why: `it is for linux-x64, and this is ${system}` };
  await mkdir(path.dirname(file), { recursive: true });
  // Never half a file under the name that is loaded.
  const made = `${file}.${process.pid}`;
  try {
    await promisify(execFile)(compiler, [...FLAGS, '-o', made, SOURCE, '-ldl']);
    await appendFile(made, footer('linux_amd64'));
    await rename(made, file);
    return { kind: 'built', file };
  } catch (error) {
    const why = hasCode(error, 'ENOENT')
      ? `there is no C compiler '${compiler}'`
      : `${compiler} failed: ${error}`;
    return { kind: 'absent', why };
  } finally {
    await rm(made, { force: true });
  }
}

/** Version of DuckDB's C interface for extensions, which all versions of DuckDB since have. */
const INTERFACE = 'v1.2.0';

/** What DuckDB reads at the end of an extension before it loads it: its fields from the last to the first, and no signature. */
function footer(platform: string): Buffer {
  const field = (text: string): Buffer => Buffer.concat([Buffer.from(text), Buffer.alloc(32 - text.length)]);
  const fields = ['', '', '', 'C_STRUCT', 'v1', INTERFACE, platform, '4'].map(field);

  const section = Buffer.concat([
    Buffer.from([0x00, 0x93, 0x04, 0x10]),
    Buffer.from('duckdb_signature'),
    Buffer.from([0x80, 0x04]),
  ]);
  return Buffer.concat([section, ...fields, Buffer.alloc(256)]);
}
