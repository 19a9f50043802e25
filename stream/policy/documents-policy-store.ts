import { ConflictError } from '../../etl/errors.ts';
import { atMost, inFlight } from '../../etl/in-flight.ts';
import {
  CURRENT_POLICIES_PREFIX,
  currentPolicyKey,
  policyVersionKey,
  policyVersionsPrefix,
} from '../../etl/naming/policies.ts';
import type { ObjectStore, StoredObject } from '../../etl/ports.ts';
import { getDocument, parseDocument, putDocument } from '../../etl/stages/stored-documents.ts';
import { KeptDocument, type PolicyStore } from './policy-store.ts';

/** Documents that are read at one time. */
const READS = 16;

/**
 * Policies as documents of a lake. What holds now is moved by compare-and-swap; before, what held is kept write-once as one
 * of the versions, so that whoever dies in between leaves both whole.
 */
export function documentsPolicyStore(objects: ObjectStore): PolicyStore {
  const readAll = async (prefix: string): Promise<KeptDocument[]> => {
    const keys = (await objects.list(prefix)).map(({ key }) => key).filter((key) => key.endsWith('.json'));
    const found: KeptDocument[] = [];
    for await (const one of inFlight(keys, atMost(READS), (key) => getDocument(objects, key, KeptDocument)))
      found.push(one);
    return found;
  };
  const stored = async (
    name: string,
  ): Promise<(StoredObject & { readonly kept: KeptDocument }) | undefined> => {
    const key = currentPolicyKey(name);
    const object = await objects.get(key);
    return object && { ...object, kept: parseDocument(object.body, key, KeptDocument) };
  };
  return {
    current: () => readAll(CURRENT_POLICIES_PREFIX),
    read: async (name) => (await stored(name))?.kept,
    async write(next) {
      const before = await stored(next.name);
      if ((before?.kept.version ?? 0) !== next.version - 1) throw moved(next);
      try {
        if (before !== undefined) await archive(objects, before.kept);
        await putDocument(
          objects,
          currentPolicyKey(next.name),
          next,
          before === undefined ? { ifNoneMatch: '*' } : { ifMatch: before.etag },
        );
      } catch (error) {
        throw error instanceof ConflictError ? moved(next, error) : error;
      }
    },
    async history(name) {
      // Before the versions: what is archived meanwhile is then found twice rather than not at all.
      const now = await stored(name);
      const versions = (await readAll(policyVersionsPrefix(name))).filter(
        ({ version }) => version !== now?.kept.version,
      );
      return [...versions, ...(now === undefined ? [] : [now.kept])].sort((a, b) => b.version - a.version);
    },
  };
}

/** Keeps a version for good. Another writer may have kept the same. */
async function archive(objects: ObjectStore, kept: KeptDocument): Promise<void> {
  try {
    await putDocument(objects, policyVersionKey(kept.name, kept.version), kept, { ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** That another version holds than the writer took for the last. */
export const moved = ({ name, version }: KeptDocument, cause?: unknown): ConflictError =>
  new ConflictError(
    'POLICY_MOVED',
    `${name} was changed by somebody else while version ${version} of it was made: look at it again.`,
    { context: { name, version }, cause },
  );
