import { Buffer } from 'node:buffer';
import { toBase32 } from '../../../etl/privacy/base32.ts';
import { type Erasure, type ErasureOrigin, newErasure } from '../../../etl/privacy/erasure.ts';
import { keptSubject } from '../../../etl/privacy/kept-subject.ts';
import { referenceDigest } from '../../../etl/privacy/reference-digest.ts';
import { subjectIndex } from '../../../etl/privacy/subject-id.ts';
import type {
  ErasedReference,
  ForgettingOrigin,
  KeptSubject,
  Subject,
  VaultPeriod,
  VaultUpkeep,
} from '../../../etl/privacy/vault.ts';
import { bookBytes, keptPeriods, keyOf, periodKey } from './book.ts';
import { findPeople } from './find-subjects.ts';
import { look, type OpenVault } from './open-vault.ts';
import { everyPerson, type Person, SHARDS, shardOfIndex } from './people.ts';
import { NO_RECORDS } from './records.ts';
import { shardBytes } from './shard-bytes.ts';
import { openShards, shardName } from './shards.ts';
import { shardOf } from './subject-keys.ts';

/** What destroys keys. Each erasure is in the log before a key goes, so that it holds even if the process dies then. */
export function eraser(
  vault: OpenVault,
): Pick<VaultUpkeep, 'find' | 'forget' | 'forgetReferences' | 'destroyPeriods' | 'periods'> {
  return {
    find: (subject) => find(vault, subject),
    forget: (subject, origin) => vault.files.inTurn(() => forget(vault, subject, origin)),
    forgetReferences: (asked, origin) => vault.files.inTurn(() => forgetReferences(vault, asked, origin)),
    destroyPeriods: (periods, origin) => vault.files.inTurn(() => destroyPeriods(vault, periods, origin)),
    periods: async () => keptPeriods((await look(vault)).book),
  };
}

async function find(vault: OpenVault, { kind, id }: Subject): Promise<KeptSubject> {
  const { shards, book } = await look(vault);
  const [person] = await findPeople(shards, [subjectIndex(keyOf(book.pepper), kind, id)]);
  const { reference, forgotten } = person ?? {};
  if (reference === undefined) return keptSubject({ forgotten });
  const keys = await shards.keys(shardOf(keyOf(book.referenceSecret), reference));
  const groups = book.groups.filter((_, n) => keys.keyOf(reference, n) !== undefined);
  return keptSubject({ reference: toBase32(reference), groups, forgotten });
}

async function forget(
  vault: OpenVault,
  { kind, id }: Subject,
  origin: ForgettingOrigin,
): Promise<Erasure | undefined> {
  const { shards, book } = await look(vault);
  const index = subjectIndex(keyOf(book.pepper), kind, id);
  const [person] = await findPeople(shards, [index]);
  return person?.reference === undefined
    ? undefined
    : await forgetPerson(vault, { index, reference: person.reference }, origin);
}

async function forgetReferences(
  vault: OpenVault,
  asked: readonly ErasedReference[],
  origin: Omit<ForgettingOrigin, 'id'>,
): Promise<readonly Erasure[]> {
  const { shards } = await look(vault);
  const ids = new Map(asked.map(({ reference, id }) => [reference, id]));
  const found: { readonly person: ReferredPerson; readonly id: string }[] = [];
  for (let shard = 0; shard < SHARDS; shard++) {
    for (const { index, reference } of everyPerson(await shards.people(shard))) {
      if (reference === undefined) continue;
      const id = ids.get(toBase32(reference));
      if (id !== undefined) found.push({ person: { index, reference }, id });
    }
  }
  const erasures: Erasure[] = [];
  for (const { person, id } of found) erasures.push(await forgetPerson(vault, person, { ...origin, id }));
  return erasures;
}

/** Somebody of whom the vault has keys. */
type ReferredPerson = Required<Pick<Person, 'index' | 'reference'>>;

async function forgetPerson(
  vault: OpenVault,
  { index, reference }: ReferredPerson,
  { by, reason, until, id: erasureId }: ForgettingOrigin,
): Promise<Erasure> {
  const secret = keyOf((await look(vault)).book.referenceSecret);
  const shard = shardOf(secret, reference);
  const erasure = newErasure(
    vault.clock.now(),
    { by, reason, ...(erasureId === undefined ? {} : { id: erasureId }) },
    {
      kind: 'subject',
      index: Buffer.from(index).toString('hex'),
      reference: { digest: referenceDigest(secret, reference), shard },
      until: until.toISOString(),
    },
  );
  await vault.log.add(erasure);
  // Read with the log as it is now, both shards are without the subject; so they are written.
  const now = await openShards(vault.files, vault.log);
  const people = shardOfIndex(index);
  const at = vault.clock.now();
  await vault.files.write(
    new Map([
      [shardName('keys', shard), await (await now.keys(shard)).bytesWith(NO_RECORDS, at)],
      [shardName('people', people), shardBytes(await now.people(people), at)],
    ]),
  );
  return erasure;
}

async function destroyPeriods(
  vault: OpenVault,
  periods: readonly VaultPeriod[],
  origin: ErasureOrigin,
): Promise<readonly Erasure[]> {
  const { book } = await look(vault);
  const erasures = periods
    .filter((one) => periodKey(book, one) !== null)
    .map(({ dataset, group, period }) =>
      newErasure(vault.clock.now(), origin, { kind: 'period', dataset, group, period }),
    );
  for (const erasure of erasures) await vault.log.add(erasure);
  const { book: without } = await look(vault);
  if (erasures.length > 0) await vault.files.write(new Map([['book', bookBytes(without)]]));
  return erasures;
}
