import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { auditDataset } from '../audit/audit-dataset.ts';
import { withEngine } from '../engine/engine.ts';
import { messageOf } from '../errors.ts';
import { bronzeKey, pointerKey } from '../naming.ts';
import type { Clock, Effects } from '../ports.ts';
import { type Dice, diceOf } from './dice.ts';
import { DRILL_DATASET, DRILL_GOLD } from './drill-contracts.ts';
import { Readers } from './readers.ts';
import { drawFile, type SourceFile } from './source-file.ts';
import { type Damage, type Mishaps, noDamage, troubled } from './trouble.ts';
import { type Seat, Turns } from './turns.ts';

/** How one execution of the workflow ended. */
export interface Execution {
  readonly isSuccess: boolean;
  /** Why it failed; empty where it didn't. */
  readonly cause: string;
}

/** A place for the lakes of a drill. */
export interface DrillGround {
  /** A new, empty lake with the drill's contracts, and that clock. */
  open(clock: Clock): Promise<{ readonly effects: Effects; dispose(): Promise<void> }>;
  /** Runs the workflow once, without waits between its attempts. */
  execute(run: { readonly dataset: string; readonly runId: string }, effects: Effects): Promise<Execution>;
}

/** What happened in a story. */
export interface StoryResult {
  readonly seed: number;
  readonly points: number;
  readonly damage: Damage;
  readonly executions: number;
  /** Executions at the same time, of two or three. */
  readonly races: number;
  readonly looks: number;
  readonly files: number;
  readonly records: number;
  /** SHA-256 of all that happened, in order: the same for the same seed. */
  readonly digest: string;
  /** What should never have been, each with the event after which it was seen. */
  readonly problems: readonly string[];
}

/** Changes that a run makes, before the first one is counted. */
const USUAL_CHANGES = 40;

/** Runs in a row that an undisturbed lake may need until nothing is pending. */
const CALM_RUNS = 5;

/**
 * Plays the story of a seed: so many points of trouble in the life of one lake, each followed by a look at what readers
 * see; at the end calm, until nothing is pending, and an audit.
 */
export async function playStory(ground: DrillGround, seed: number, points: number): Promise<StoryResult> {
  let time = Date.parse('2024-06-01T06:00:00.000Z');
  const clock = {
    now: () => new Date(time),
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
  };
  const { effects, dispose } = await ground.open(clock);
  try {
    const scratch = await effects.openScratch('drill');
    return await withEngine(
      { ...effects.engine, memoryLimitMb: 100, threads: 1 },
      join(scratch.directory, 'spill'),
      async (engine) => {
        const dropped = new Map<string, SourceFile>();
        const readers = new Readers(effects, engine, dropped);
        return await new Story({ ground, effects, clock, readers, dropped, seed }).play(points);
      },
    );
  } finally {
    await dispose();
  }
}

interface StoryParts {
  readonly ground: DrillGround;
  readonly effects: Effects;
  readonly clock: Clock & { pass(milliseconds: number): void };
  readonly readers: Readers;
  readonly dropped: Map<string, SourceFile>;
  readonly seed: number;
}

class Story {
  readonly #parts: StoryParts;
  readonly #dice: Dice;
  readonly #damage = noDamage();
  readonly #problems: string[] = [];
  readonly #hash = createHash('sha256');
  #event = '';
  #executions = 0;
  #races = 0;
  #usualChanges = USUAL_CHANGES;

  constructor(parts: StoryParts) {
    this.#parts = parts;
    this.#dice = diceOf(parts.seed);
  }

  async play(points: number): Promise<StoryResult> {
    for (let point = 1; point <= points; point++) {
      this.#begin(`point ${point}`);
      if (this.#dice.chance(0.9)) await this.#dropFiles();
      await this.#trouble();
      await this.#look();
      if (this.#dice.chance(0.4)) await this.#calm();
      // Clocks of several machines differ; now and then one is set back.
      this.#parts.clock.pass(this.#dice.chance(0.1) ? -30_000 : this.#dice.int(1000, 10_000_000));
    }
    this.#begin('the end');
    await this.#calm();
    await this.#audit();
    const { seed, readers, dropped } = this.#parts;
    return {
      seed,
      points,
      damage: this.#damage,
      executions: this.#executions,
      races: this.#races,
      looks: readers.looks,
      files: dropped.size,
      records: [...dropped.values()].reduce((sum, file) => sum + file.records, 0),
      digest: this.#hash.digest('hex'),
      problems: this.#problems,
    };
  }

  /** One to three files; now and then the bytes of an earlier one under another name. */
  async #dropFiles(): Promise<void> {
    const { effects, dropped, clock } = this.#parts;
    for (let wanted = this.#dice.int(1, 3); wanted > 0; wanted--) {
      const name = `f${dropped.size + 1}.csv`;
      const [first, ...others] = dropped.values();
      const file =
        first !== undefined && this.#dice.chance(0.1)
          ? this.#dice.pick([first, ...others])
          : drawFile(name, this.#dice);
      const key = bronzeKey(DRILL_DATASET, clock.now().toISOString().slice(0, 10), name);
      dropped.set(key, file);
      await effects.objects.put(key, new TextEncoder().encode(file.text), { ifNoneMatch: '*' });
      this.#log(`dropped ${name}`);
    }
  }

  async #trouble(): Promise<void> {
    const death = { dieAt: this.#dice.int(1, this.#usualChanges), failing: 0 };
    const faults = { failing: this.#dice.pick([0.01, 0.03, 0.1]) };
    const stall = { stallAt: this.#dice.int(1, this.#usualChanges), failing: 0 };
    const well = { failing: 0 };
    const kind = this.#dice.int(1, 12);
    if (kind <= 5) await this.#execute([death]);
    else if (kind === 6) await this.#execute([faults]);
    else if (kind === 7) await this.#execute([{ ...death, ...faults }]);
    else if (kind === 8) await this.#execute([well, well]);
    else if (kind === 9) await this.#execute([death, faults]);
    else if (kind === 10) await this.#execute([death, well, faults]);
    else await this.#execute([stall, kind === 11 ? well : death]);
  }

  /** One execution after another until nothing is pending, and nothing goes wrong. */
  async #calm(): Promise<void> {
    for (let n = 0; n < CALM_RUNS; n++) {
      const [ended] = await this.#execute([{ failing: 0 }]);
      if (ended?.isSuccess !== true) this.#note(`an undisturbed run failed: ${ended?.cause ?? ''}`);
      const settled = await this.#parts.readers.settled();
      if ([...this.#parts.dropped.keys()].every((key) => settled.has(key))) break;
    }
    const settled = await this.#parts.readers.settled();
    for (const key of this.#parts.dropped.keys())
      if (!settled.has(key)) this.#note(`${key} was lost: it is pending after ${CALM_RUNS} undisturbed runs`);
    await this.#look();
  }

  /** Executions at the same time, each with its own mishaps. */
  async #execute(all: readonly Mishaps[]): Promise<Execution[]> {
    const { ground, effects, clock } = this.#parts;
    const turns = new Turns(this.#dice);
    const isRace = all.length > 1;
    if (isRace) this.#races++;
    const source = isRace ? this.#dropMeanwhile(turns.join()) : Promise.resolve();
    const actors = all.map((mishaps) => {
      const runId = `${clock.now().toISOString().replace(/[-:.]/g, '')}-${String(++this.#executions).padStart(8, '0')}`;
      const seat = turns.join();
      const process = troubled(effects, {
        seat,
        dice: diceOf(this.#dice.int(0, 2 ** 31 - 1)),
        mishaps,
        damage: this.#damage,
        log: (line) => this.#log(`${runId} ${line}`),
        onChange: (key) => this.#changed(key),
      });
      // They don't all begin at the same moment.
      const idle = isRace ? this.#dice.int(0, 60) : 0;
      return { runId, seat, process, idle, isCalm: mishaps.failing === 0 && mishaps.dieAt === undefined };
    });
    const ended = await Promise.all(
      actors.map(async ({ runId, seat, process, idle, isCalm }) => {
        try {
          await pass(seat, idle);
          const result = await ground.execute({ dataset: DRILL_DATASET, runId }, process.effects);
          // A run with nothing to do changes nothing.
          if (isCalm && process.changes() > 10) this.#usualChanges = process.changes();
          return result;
        } finally {
          seat.leave();
        }
      }),
    );
    await source;
    return ended;
  }

  /** Files come while others run: of two runs, one may know of more than the other. */
  async #dropMeanwhile(seat: Seat): Promise<void> {
    try {
      await pass(seat, this.#dice.int(0, 60));
      await seat.take(() => this.#dropFiles());
    } finally {
      seat.leave();
    }
  }

  /** Readers look at every commit, before anything else happens. */
  async #changed(key: string): Promise<void> {
    this.#parts.clock.pass(7);
    const isCommit = key === pointerKey('silver', DRILL_DATASET) || key === pointerKey('gold', DRILL_GOLD);
    if (isCommit) await this.#look();
  }

  async #look(): Promise<void> {
    try {
      for (const problem of await this.#parts.readers.look()) this.#note(problem);
    } catch (error) {
      this.#note(`a reader failed: ${messageOf(error)}`);
    }
  }

  async #audit(): Promise<void> {
    for (const dataset of [DRILL_DATASET, DRILL_GOLD]) {
      const { problems } = await auditDataset(this.#parts.effects, { dataset });
      for (const { code, key, problem } of problems) this.#note(`audit: ${code} ${key}: ${problem}`);
    }
  }

  #begin(event: string): void {
    this.#event = event;
    this.#log(event);
  }

  #log(line: string): void {
    // Ids of metadata follow from where the lake lies.
    const told = line.replaceAll(/(snap-\d+-\d+-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '*');
    this.#hash.update(`${told}\n`);
  }

  #note(problem: string): void {
    this.#problems.push(`${this.#event}: ${problem}`);
  }
}

/** Lets some turns go by. */
async function pass(seat: Seat, turns: number): Promise<void> {
  for (let n = 0; n < turns; n++) await seat.take(async () => undefined);
}
