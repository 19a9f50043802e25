import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readEnvelope } from '../../etl/privacy/envelope.ts';
import { columnKeys, commonSecret, openValue, sealValue } from '../../etl/privacy/seal-value.ts';
import { Sodium } from '../../etl/privacy/sodium.ts';
import { subjectIndex } from '../../etl/privacy/subject-id.ts';

interface Vectors {
  readonly envelopes: readonly {
    readonly subjectKey: string;
    readonly periodKey: string;
    readonly column: string;
    readonly subject: string;
    readonly period: string;
    readonly value: string | { readonly repeat: string; readonly times: number };
    readonly envelope: string | { readonly sha256: string };
  }[];
  readonly indexes: readonly Readonly<Record<'pepper' | 'kind' | 'id' | 'index', string>>[];
}

/** Made by make.py beside it, with Python's hashlib and OpenSSL. */
const VECTORS: Vectors = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'vectors/vectors.json'), 'utf8'),
);

describe('what Python makes of the same keys and values', () => {
  test('is the same envelope, and opens', async () => {
    const sodium = await Sodium.open();
    expect(VECTORS.envelopes.length).toBeGreaterThan(10);
    for (const { subjectKey, periodKey, value, envelope, ...header } of VECTORS.envelopes) {
      const secrets = { subjectKey: bytes(subjectKey), periodKey: bytes(periodKey) };
      const keys = columnKeys(sodium, commonSecret(sodium, secrets), header.column);
      const text = typeof value === 'string' ? value : value.repeat.repeat(value.times);
      const sealed = sealValue(sodium, keys, header, text);
      if (typeof envelope === 'string') expect(sealed).toBe(envelope);
      else expect(createHash('sha256').update(sealed).digest('hex')).toBe(envelope.sha256);
      const read = readEnvelope(sealed);
      expect(read).toMatchObject(header);
      expect(read && openValue(sodium, keys, read)).toBe(text);
    }
    sodium.dispose();
  });

  test('is the same index of a subject', () => {
    for (const { pepper, kind, id, index } of VECTORS.indexes)
      expect(Buffer.from(subjectIndex(bytes(pepper), kind, id)).toString('hex')).toBe(index);
  });
});

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
