import { createDecipheriv, hkdfSync } from 'node:crypto';
import type { Vault } from '../../etl/privacy/vault.ts';

/**
 * Opens an envelope by OpenSSL's parts, from the description of the format in test/privacy/vectors/make.py; only the keys
 * are the vault's. Undefined for what is none; throws where it doesn't open.
 */
export async function openEnvelope(text: string, vault: Vault): Promise<string | undefined> {
  const [version, column = '', reference = '', period = '', payload = '', ...more] = text.split('.');
  if (version !== '~1' || more.length > 0 || payload === '') return undefined;
  const found = (await vault.columns()).get(column);
  if (found === undefined) throw new Error(`nobody knows the column ${column}`);
  const { dataset, group } = found;
  const [subjectKey] = await vault.subjectKeys([{ reference, group }]);
  const [periodKey] = await vault.periodKeys([{ dataset, group, period }], 'leave');
  if (subjectKey === undefined || periodKey === undefined) throw new Error('its keys are gone');
  const secret = Buffer.concat([subjectKey, periodKey]);
  const keys = Buffer.from(
    hkdfSync('sha512', secret, Buffer.alloc(0), Buffer.from(`~1.${column}.value`), 64),
  );
  const bytes = Buffer.from(payload, 'base64url');
  const cipher = createDecipheriv('chacha20-poly1305', keys.subarray(32), bytes.subarray(0, 12), {
    authTagLength: 16,
  });
  const header = Buffer.from(text.slice(0, -payload.length));
  cipher.setAAD(header, { plaintextLength: bytes.length - 28 });
  cipher.setAuthTag(bytes.subarray(-16));
  const padded = Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]);
  return unpadded(padded);
}

/** The length stands before the text as seven bits a byte, the lowest first; all but the last have the eighth bit set. */
function unpadded(padded: Buffer): string {
  let [length, at, shift] = [0, 0, 1];
  for (; ; shift *= 128) {
    const byte = padded[at++] ?? 0;
    length += (byte % 128) * shift;
    if (byte < 128) break;
  }
  if (padded.subarray(at + length).some((byte) => byte !== 0)) throw new Error('it is padded with something');
  return padded.toString('utf8', at, at + length);
}
