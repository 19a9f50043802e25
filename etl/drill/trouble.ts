import { TransientError } from '../errors.ts';
import type { DataStore, Effects, ObjectStore } from '../ports.ts';
import type { Dice } from './dice.ts';
import type { Seat } from './turns.ts';

/** What goes wrong for one process. */
export interface Mishaps {
  /** The process dies at its n-th change of the store, from 1; never where absent. */
  readonly dieAt?: number;
  /** The process stops before its n-th change until the others are done, like a paused machine; never where absent. */
  readonly stallAt?: number;
  /** The process stops before its first commit, so that a second one like it reads the same state. */
  readonly stallsAtCommit?: true;
  /** Share of reading requests that fail, from 0 to 1; of changes more. */
  readonly failing: number;
}

/** How often something went wrong. */
export interface Damage {
  kills: number;
  /** Requests that failed without any effect. */
  refused: number;
  /** Changes that were made, but whose answer got lost. */
  lostAnswers: number;
  /** Writes that left a part of the bytes under their key. */
  torn: number;
}

/** Nothing went wrong yet. */
export const noDamage = (): Damage => ({ kills: 0, refused: 0, lostAnswers: 0, torn: 0 });

/** What a troubled process has to do with the others and with the drill. */
export interface TroubleOptions {
  readonly seat: Seat;
  readonly dice: Dice;
  readonly mishaps: Mishaps;
  readonly damage: Damage;
  /** Told of every change and mishap, one line each. */
  readonly log: (line: string) => void;
  /** Whether writing a key is a commit. */
  readonly isCommit: (key: string) => boolean;
  /** Called when a change was made and before anyone does anything else. */
  readonly onChange: (key: string) => Promise<void>;
}

/** Changes fail this many times as often as reads: they are fewer, and matter more. */
const CHANGES_FAIL = 3;

/** What a dead process throws wherever it turns. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

/** Effects of a process to which mishaps happen, and how many changes it made. */
export interface TroubledEffects {
  readonly effects: Effects;
  readonly changes: () => number;
}

/**
 * Effects as a process has them whose store fails, loses answers and tears large files, and
 * that may die before, while or after it changes something. Its requests take turns with those of other processes.
 */
export function troubled(effects: Effects, options: TroubleOptions): TroubledEffects {
  const process = new TroubledProcess(options);
  return {
    changes: () => process.changes,
    effects: {
      ...effects,
      objects: troubledObjects(effects.objects, process),
      data: troubledData(effects, process),
    },
  };
}

/** A request that changes something. */
interface Change<T> {
  readonly key: string;
  readonly what: string;
  readonly apply: () => Promise<T>;
  /** Leaves a part of the bytes; absent where there is none to leave. */
  readonly tear?: () => Promise<void>;
}

class TroubledProcess {
  readonly #options: TroubleOptions;
  changes = 0;
  #asked = 0;
  #hasCommitted = false;
  #isDead = false;

  constructor(options: TroubleOptions) {
    this.#options = options;
  }

  read<T>(what: string, apply: () => Promise<T>): Promise<T> {
    return this.#options.seat.take(async () => {
      this.#live();
      if (this.#fails(1)) this.#refuse(what);
      return await apply();
    });
  }

  async change<T>(change: Change<T>): Promise<T> {
    const { seat } = this.#options;
    if (this.#stallsBefore(change.key)) {
      this.#options.log(`stalled: ${change.what} ${change.key}`);
      await seat.stall();
    }
    return await seat.take(async () => {
      this.#live();
      const { dice, damage, log, mishaps, onChange } = this.#options;
      const what = `${change.what} ${change.key}`;
      if (++this.changes === mishaps.dieAt) await this.#die(change, what);
      const fate = this.#fails(CHANGES_FAIL) ? dice.pick(['refused', 'lost', 'torn']) : 'well';
      if (fate === 'torn' && change.tear !== undefined) {
        await this.#tear(change.tear, what);
        throw busy(what);
      }
      if (fate === 'refused' || fate === 'torn') this.#refuse(what);
      const answer = await change.apply();
      log(what);
      await onChange(change.key);
      if (fate === 'well') return answer;
      damage.lostAnswers++;
      log(`answer lost: ${what}`);
      throw busy(what);
    });
  }

  #stallsBefore(key: string): boolean {
    const { mishaps, isCommit } = this.#options;
    const isFirst = !this.#hasCommitted && isCommit(key);
    if (isFirst) this.#hasCommitted = true;
    return ++this.#asked === mishaps.stallAt || (isFirst && mishaps.stallsAtCommit === true);
  }

  #live(): void {
    if (this.#isDead) throw new ProcessDied('This process is dead.');
  }

  #fails(times: number): boolean {
    const { failing } = this.#options.mishaps;
    return failing > 0 && this.#options.dice.chance(Math.min(0.5, failing * times));
  }

  #refuse(what: string): never {
    this.#options.damage.refused++;
    this.#options.log(`refused: ${what}`);
    throw busy(what);
  }

  async #die<T>({ key, apply, tear }: Change<T>, what: string): Promise<never> {
    const { dice, damage, log, onChange } = this.#options;
    this.#isDead = true;
    damage.kills++;
    const moment = dice.pick(['before', 'while', 'after']);
    log(`died ${moment}: ${what}`);
    if (moment === 'while' && tear !== undefined) await this.#tear(tear, what);
    if (moment === 'after') {
      // A dying process's last request may still be refused.
      await apply().catch(() => undefined);
      await onChange(key);
    }
    throw new ProcessDied(`The process died ${moment} it did this: ${what}`);
  }

  async #tear(tear: () => Promise<void>, what: string): Promise<void> {
    await tear();
    this.#options.damage.torn++;
    this.#options.log(`torn: ${what}`);
  }
}

function busy(what: string): TransientError {
  return new TransientError('DRILL', `The store is busy (${what}).`);
}

function troubledObjects(objects: ObjectStore, process: TroubledProcess): ObjectStore {
  return {
    uri: (key) => objects.uri(key),
    list: (prefix, after) => process.read(`list ${prefix}`, () => objects.list(prefix, after)),
    get: (key) => process.read(`get ${key}`, () => objects.get(key)),
    put: (key, body, condition) =>
      process.change({ key, what: 'put', apply: () => objects.put(key, body, condition) }),
    remove: (key) => process.change({ key, what: 'remove', apply: () => objects.remove(key) }),
  };
}

function troubledData({ data, objects }: Effects, process: TroubledProcess): DataStore {
  return {
    async *stream(key) {
      await process.read(`stream ${key}`, async () => undefined);
      for await (const piece of data.stream(key)) {
        yield piece;
        await process.read(`stream on ${key}`, async () => undefined);
      }
    },
    digest: (key) => process.read(`digest ${key}`, () => data.digest(key)),
    identify: (key) => process.read(`identify ${key}`, () => data.identify(key)),
    localPath: (key) => process.read(`localPath ${key}`, () => data.localPath(key)),
    publish: (path, key) =>
      process.change({
        key,
        what: 'publish',
        apply: () => data.publish(path, key),
        // Worse than what stores allow: of a large file, half of it is there.
        tear: async () => {
          await data.publish(path, key);
          const { body } = (await objects.get(key)) ?? { body: new Uint8Array() };
          await objects.put(key, body.subarray(0, body.length / 2));
        },
      }),
  };
}
