import { createHmac, randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newBook } from '../../../adapters/local/vault/book.ts';
import { shardOf } from '../../../adapters/local/vault/subject-keys.ts';
import { DigestMaker } from '../../../adapters/local/vault/vault-digests.ts';
import { referenceDigest, referenceDigests } from '../../../etl/privacy/reference-digest.ts';
import { ShortHmac } from '../../../etl/privacy/short-hmac.ts';
import { Sodium } from '../../../etl/privacy/sodium.ts';
import { subjectIndex } from '../../../etl/privacy/subject-id.ts';

test('digests of many are those that are made one by one', async () => {
  const book = newBook(new Date());
  const [pepper, secret] = [book.pepper, book.referenceSecret].map((text) => Buffer.from(text, 'base64'));
  const digests = await new DigestMaker().of(book);
  const text = fc.string({ unit: 'grapheme', maxLength: 90 });
  fc.assert(
    fc.property(text, fc.oneof(text, fc.string({ minLength: 190, maxLength: 900 })), (kind, id) => {
      expect(Buffer.from(digests.indexOf(kind, id)).toString('hex')).toBe(
        Buffer.from(subjectIndex(pepper ?? Buffer.alloc(0), kind, id)).toString('hex'),
      );
    }),
  );
  for (let n = 0; n < 200; n++) {
    const reference = randomBytes(16);
    expect(digests.shardOf(reference)).toBe(shardOf(secret ?? Buffer.alloc(0), reference));
  }
});

test('short messages have the HMAC that node:crypto makes, and long ones are refused', async () => {
  const sodium = await Sodium.open();
  for (const keyBytes of [0, 16, 32, 64]) {
    const key = randomBytes(keyBytes);
    const hmac = new ShortHmac(sodium, key);
    for (const length of [0, 1, 55, 56, 63, 64, 65, 128, 1024]) {
      const message = randomBytes(length);
      expect(Buffer.from(hmac.digest(message))).toEqual(createHmac('sha256', key).update(message).digest());
    }
    expect(() => hmac.digest(randomBytes(1025))).toThrow(RangeError);
    const reference = randomBytes(16);
    expect(Buffer.from(referenceDigests(hmac)(reference)).toString('hex')).toBe(
      referenceDigest(key, reference),
    );
  }
  sodium.dispose();
});

test('asked for the same vault at once, all are given digests that work', async () => {
  const [maker, book] = [new DigestMaker(), newBook(new Date())];
  const [one, other] = await Promise.all([maker.of(book), maker.of(book)]);
  expect(one).toBe(other);
  const another = await maker.of(newBook(new Date()));
  expect(another.indexOf('a', 'b')).not.toEqual(one.indexOf('a', 'b'));
});
