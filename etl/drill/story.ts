import { join } from 'node:path';
import { auditDataset } from '../audit/audit-dataset.ts';
import { withEngine } from '../engine/engine.ts';
import { messageOf } from '../errors.ts';
import { bronzeKey } from '../naming/bronze.ts';
import type { Clock, Effects } from '../ports.ts';
import { isCommit, pass, tendOnce } from './acts.ts';
import { type Dice, diceOf } from './dice.ts';
import { DRILL_DATASET, DRILL_GOLD } from './drill-contracts.ts';
import type { DrillGround, Execution, StoryResult } from './ground.ts';
import { PAYERS, withPayers } from './paid-file.ts';
import { drillBytes } from './protected-bytes.ts';
import { Readers } from './readers.ts';
import { drawFile, type SourceFile } from './source-file.ts';
import { type Mishaps, noDamage, troubled } from './trouble.ts';
import { TROUBLES, type Trouble } from './trouble-kinds.ts';
import { type Seat, Turns } from './turns.ts';

/** Changes that a run makes, before the first one is counted. */
const USUAL_CHANGES = 40;

/** Readers get an hour; past it, their files may go. */
const TWO_HOURS_MS = 7_200_000;

/** Rounds of undisturbed upkeep: states expire, their files go, and what went is looked for. */
const CALM_ROUNDS = 3;

/** Runs in a row that an undisturbed lake may need until nothing is pending. */
const CALM_RUNS = 5;

/**
 * Plays the story of a seed: so many points of trouble in the life of one lake, each followed by a look at what readers
 * see; at the end calm, until nothing is pending, and an audit. Where a kind of trouble is named, all points are of it.
 */
export async function playStory(
  ground: DrillGround,
  seed: number,
  points: number,
  trouble?: Trouble,
): Promise<StoryResult> {
  let time = Date.parse('2024-06-01T06:00:00.000Z');
  const clock = {
    now: () => new Date(time),
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
  };
  // One story of five is of protected data, where the ground has a vault.
  const { openProtected } = ground;
  const isProtected = openProtected !== undefined && seed % 5 === 0;
  const { effects, dispose } = await (isProtected ? openProtected(clock) : ground.open(clock));
  try {
    const scratch = await effects.openScratch('drill');
    return await withEngine(
      { ...effects.engine, memoryLimitMb: 100, threads: 1 },
      join(scratch.directory, 'spill'),
      async (engine) => {
        const dropped = new Map<string, SourceFile>();
        const readers = new Readers(effects, engine, dropped);
        return await new Story({ ground, effects, clock, readers, dropped, seed, trouble, isProtected }).play(
          points,
        );
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
  readonly trouble: Trouble | undefined;
  /** Whether payments say who paid, in sealed columns, and people are forgotten now and then. */
  readonly isProtected: boolean;
}

class Story {
  readonly #parts: StoryParts;
  readonly #dice: Dice;
  readonly #damage = noDamage();
  readonly #problems: string[] = [];
  readonly #events: string[] = [];
  readonly #forgotten = new Map<number, number>();
  /** What was put into Bronze of each file. */
  readonly #bytes = new Map<SourceFile, Uint8Array>();
  #event = '';
  #executions = 0;
  #races = 0;
  #tendings = 0;
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
      if (this.#dice.chance(0.6)) await this.#upkeep();
      if (this.#dice.chance(0.4)) await this.#calm();
      if (this.#parts.isProtected && this.#dice.chance(0.8)) await this.#forget();
      // Clocks of several machines differ; now and then one is set back.
      this.#parts.clock.pass(this.#dice.chance(0.1) ? -30_000 : this.#dice.int(1000, 10_000_000));
    }
    this.#begin('the end');
    await this.#calm();
    await this.#calmUpkeep();
    await this.#audit();
    const { seed, readers, dropped } = this.#parts;
    return {
      seed,
      points,
      damage: this.#damage,
      executions: this.#executions,
      races: this.#races,
      looks: readers.looks,
      tendings: this.#tendings,
      files: dropped.size,
      records: [...dropped.values()].reduce((sum, file) => sum + file.records, 0),
      events: this.#events,
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
          : this.#draw(name);
      const stored = this.#parts.isProtected ? name.replace('.csv', '.sealed.csv') : name;
      const key = bronzeKey(DRILL_DATASET, clock.now().toISOString().slice(0, 10), stored);
      const bytes = this.#bytes.get(file) ?? (await this.#bytesOf(file));
      this.#bytes.set(file, bytes);
      dropped.set(key, file);
      await effects.objects.put(key, bytes, { ifNoneMatch: '*' });
      this.#log(`dropped ${name}`);
    }
  }

  #draw(name: string): SourceFile {
    const file = drawFile(name, this.#dice);
    const { isProtected, clock } = this.#parts;
    return isProtected ? withPayers(file, this.#forgotten, clock.now().getTime()) : file;
  }

  async #bytesOf({ text }: SourceFile): Promise<Uint8Array> {
    return this.#parts.isProtected
      ? await drillBytes(this.#parts.effects, text)
      : new TextEncoder().encode(text);
  }

  /** Somebody is forgotten once all is settled: what readers saw stays, and what comes of that one is counted alone. */
  async #forget(): Promise<void> {
    await this.#calm();
    const { effects, clock } = this.#parts;
    const payer = this.#dice.int(0, PAYERS - 1);
    clock.pass(1000);
    const until = new Date(clock.now().getTime() + 100 * TWO_HOURS_MS);
    const erasure = await effects.vault?.forget(
      { kind: 'payer', id: String(payer) },
      { by: 'drill', reason: 'drill', until },
    );
    if (erasure !== undefined) this.#forgotten.set(payer, clock.now().getTime());
    this.#log(`forgot ${payer}: ${erasure !== undefined}`);
    clock.pass(1000);
    await this.#look();
  }

  async #trouble(): Promise<void> {
    const death = { dieAt: this.#dice.int(1, this.#usualChanges), failing: 0 };
    const faults = { failing: this.#dice.pick([0.01, 0.03, 0.1]) };
    const stall = { stallAt: this.#dice.int(1, this.#usualChanges), failing: 0 };
    const well = { failing: 0 };
    switch (this.#parts.trouble ?? this.#dice.pick(TROUBLES)) {
      case 'death':
        return void (await this.#execute([death]));
      case 'faults':
        return void (await this.#execute([faults]));
      case 'death and faults':
        return void (await this.#execute([{ ...death, ...faults }]));
      case 'race':
        return void (await this.#execute([well, well]));
      case 'troubled race':
        return void (await this.#execute([death, faults]));
      case 'race of three':
        return void (await this.#execute([death, well, faults]));
      case 'late commit':
        return void (await this.#execute([stall, this.#dice.pick<Mishaps>([well, death])]));
      case 'two at once':
        return await this.#commitTwoAtOnce();
    }
  }

  /** Two runs commit what they made of the same base: both have read the pointer before either writes it. */
  async #commitTwoAtOnce(): Promise<void> {
    const meeting: Mishaps = { stallsAtCommit: true, failing: 0 };
    // A commit needs a file.
    await this.#dropFiles();
    await this.#execute([meeting, meeting]);
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

  /** The upkeep of the tables, which dies, fails and races with runs as these do among one another. */
  async #upkeep(): Promise<void> {
    const death = { dieAt: this.#dice.int(1, this.#usualChanges), failing: 0 };
    const stall = { stallAt: this.#dice.int(1, this.#usualChanges), failing: 0 };
    const well: Mishaps = { failing: 0 };
    const faults: Mishaps = { failing: 0.03 };
    const tends = this.#dice.pick<Mishaps>([death, faults, stall, well]);
    const besides = this.#dice.pick<readonly Mishaps[]>([[], [well], [death], [faults]]);
    await this.#execute(besides, [tends]);
    await this.#look();
  }

  /** Undisturbed upkeep: ends what was begun, removes nothing that readers need. */
  async #calmUpkeep(): Promise<void> {
    for (let n = 0; n < CALM_ROUNDS; n++) {
      const [ended] = await this.#execute([], [{ failing: 0 }]);
      if (ended?.isSuccess !== true) this.#note(`undisturbed upkeep failed: ${ended?.cause ?? ''}`);
      await this.#look();
      this.#parts.clock.pass(TWO_HOURS_MS);
    }
  }

  /** Executions and upkeep at the same time, each with its own mishaps. */
  async #execute(all: readonly Mishaps[], tending: readonly Mishaps[] = []): Promise<Execution[]> {
    const { ground, effects, clock } = this.#parts;
    const turns = new Turns(this.#dice);
    const isRace = all.length + tending.length > 1;
    if (isRace) this.#races++;
    const source = isRace ? this.#dropMeanwhile(turns.join()) : Promise.resolve();
    this.#tendings += tending.length;
    const actors = [...all, ...tending].map((mishaps, n) => {
      const runId = `${clock.now().toISOString().replace(/[-:.]/g, '')}-${String(++this.#executions).padStart(8, '0')}`;
      const seat = turns.join();
      const process = troubled(effects, {
        seat,
        dice: diceOf(this.#dice.int(0, 2 ** 31 - 1)),
        mishaps,
        damage: this.#damage,
        log: (line) => this.#log(`${runId} ${line}`),
        isCommit,
        onChange: (key) => this.#changed(key),
      });
      // They don't all begin at the same moment.
      const idle = isRace ? this.#dice.int(0, 60) : 0;
      const work = n < all.length ? ground.execute : tendOnce;
      return {
        runId,
        seat,
        process,
        idle,
        work,
        isCalm: mishaps.failing === 0 && mishaps.dieAt === undefined,
      };
    });
    const ended = await Promise.all(
      actors.map(async ({ runId, seat, process, idle, work, isCalm }) => {
        try {
          await pass(seat, idle);
          const result = await work({ dataset: DRILL_DATASET, runId }, process.effects);
          // Idle runs make few changes; skip them.
          if (isCalm && work === ground.execute && process.changes() > 10)
            this.#usualChanges = process.changes();
          return result;
        } finally {
          seat.leave();
        }
      }),
    );
    await source;
    return ended;
  }

  /** Drops files during runs, so that two runs may see different files. */
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
    if (isCommit(key)) await this.#look();
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
    // Mask ids of metadata, which follow from the lake's path, and the random ends of upkeep ids.
    const told = line
      .replaceAll(/(snap-\d+-\d+-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '*')
      .replaceAll(/(\d{8}T\d{9}Z)-[0-9a-f]{8}\b/g, '$1-*');
    this.#events.push(told);
  }

  #note(problem: string): void {
    this.#problems.push(`${this.#event}: ${problem}`);
  }
}
