import { Buffer } from 'node:buffer';
import { fromBase32 } from '../../../etl/privacy/base32.ts';
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
import { groupsOf } from './groups.ts';
import type { OpenVault } from './open-vault.ts';
import { periodsOf } from './periods.ts';
import { personBytes } from './person.ts';
import { PEOPLE_SHARDS, periodPlace, personPlace, shardOfReference } from './places.ts';
import { joinRenewal } from './renew.ts';
import { everyPerson, findPeople, keyPlaces } from './subjects.ts';

/** What destroys keys. Each erasure is in the log before a key goes, so that it holds even if the process dies then. */
export function eraser(
  vault: OpenVault,
): Pick<VaultUpkeep, 'find' | 'forget' | 'forgetReferences' | 'destroyPeriods' | 'periods'> {
  return {
    find: (subject) => find(vault, subject),
    forget: (subject, origin) => forget(vault, subject, origin),
    forgetReferences: (asked, origin) => forgetReferences(vault, asked, origin),
    destroyPeriods: (periods, origin) => destroyPeriods(vault, periods, origin),
    periods: () => periodsOf(vault),
  };
}

async function find(vault: OpenVault, { kind, id }: Subject): Promise<KeptSubject> {
  const index = Buffer.from(subjectIndex(await vault.pepper(), kind, id)).toString('hex');
  const secret = await vault.referenceSecret();
  const [person] = await findPeople(vault, [index], { erased: await vault.erased(), secret });
  const { reference, forgotten } = person ?? {};
  if (reference === undefined) return keptSubject({ forgotten });
  const groups = await groupsOf(vault);
  // Whether there is a key is told without opening it: who has not every group finds people, too.
  const keys = await vault.table.read(keyPlaces(secret, reference, groups));
  return keptSubject({ reference, groups: groups.filter((_, n) => keys[n] !== undefined), forgotten });
}

async function forget(
  vault: OpenVault,
  { kind, id }: Subject,
  origin: ForgettingOrigin,
): Promise<Erasure | undefined> {
  const index = Buffer.from(subjectIndex(await vault.pepper(), kind, id)).toString('hex');
  return await forgetIndex(vault, index, origin);
}

async function forgetReferences(
  vault: OpenVault,
  asked: readonly ErasedReference[],
  origin: Omit<ForgettingOrigin, 'id'>,
): Promise<readonly Erasure[]> {
  const ids = new Map(asked.map(({ reference, id }) => [reference, id]));
  const erasures: Erasure[] = [];
  for (let shard = 0; shard < PEOPLE_SHARDS; shard++)
    for await (const { index, reference = '' } of everyPerson(vault, shard)) {
      const id = ids.get(reference);
      const erasure = id === undefined ? undefined : await forgetIndex(vault, index, { ...origin, id });
      if (erasure !== undefined) erasures.push(erasure);
    }
  return erasures;
}

async function forgetIndex(
  vault: OpenVault,
  index: string,
  { by, reason, until, id: firstId }: ForgettingOrigin,
): Promise<Erasure | undefined> {
  const secret = await vault.referenceSecret();
  let erasure: Erasure | undefined;
  for (;;) {
    const [person] = await findPeople(vault, [index], { erased: await vault.erased(), secret });
    const reference = person?.reference;
    if (reference === undefined) return erasure;
    const bytes = fromBase32(reference) ?? new Uint8Array();
    const gone = { digest: referenceDigest(secret, bytes), shard: shardOfReference(secret, bytes) };
    const of = { kind: 'subject', index, reference: gone, until: until.toISOString() } as const;
    const named = erasure === undefined && firstId !== undefined ? { id: firstId } : {};
    erasure = newErasure(vault.clock.now(), { by, reason, ...named }, of);
    await vault.log.add(erasure);
    const forgotten = { atMs: Date.parse(erasure.at), untilMs: until.getTime() };
    const tombstone = { place: personPlace(index), bytes: personBytes({ forgotten }) };
    const items = await vault.items.sealAll([tombstone]);
    // Where a run gave the person another reference meanwhile, that one goes the same way.
    const [isWritten] = await vault.table.swap(items.map((item) => ({ item, before: person?.item })));
    await vault.table.remove(keyPlaces(secret, reference, await groupsOf(vault)));
    await joinRenewal(vault, [erasure]);
    if (isWritten) return erasure;
  }
}

async function destroyPeriods(
  vault: OpenVault,
  periods: readonly VaultPeriod[],
  origin: ErasureOrigin,
): Promise<readonly Erasure[]> {
  const erased = await vault.erased();
  const erasures = periods
    .filter((one) => !erased.isDestroyed(one))
    .map(({ dataset, group, period }) =>
      newErasure(vault.clock.now(), origin, { kind: 'period', dataset, group, period }),
    );
  for (const erasure of erasures) await vault.log.add(erasure);
  await vault.table.remove(periods.map(periodPlace));
  await joinRenewal(vault, erasures);
  return erasures;
}
