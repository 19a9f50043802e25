import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Dice, diceOf } from '../../etl/drill/dice.ts';
import type { DrillGround } from '../../etl/drill/ground.ts';
import { type Damage, type Mishaps, noDamage, ProcessDied, troubled } from '../../etl/drill/trouble.ts';
import { Turns } from '../../etl/drill/turns.ts';
import { type Engine, withEngine } from '../../etl/engine/engine.ts';
import { messageOf } from '../../etl/errors.ts';
import type { Clock, Effects } from '../../etl/ports.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { checkCalm } from './check-calm.ts';
import { STREAM_DRILL_DATASET } from './drill-contract.ts';
import { DrillTopic } from './drill-topic.ts';
import { type Outages, runStreamProcess } from './stream-process.ts';

/** What happened in the story of a stream. */
export interface StreamStory {
  readonly seed: number;
  readonly points: number;
  readonly damage: Damage;
  /** Calls that something refused which was gone for a while: the evidence topic, the registry, the policies, the disk. */
  readonly outages: number;
  readonly processes: number;
  readonly races: number;
  readonly runs: number;
  readonly events: number;
  readonly passed: number;
  /** SHA-256 of all that happened, in order: the same for the same seed. */
  readonly digest: string;
  readonly problems: readonly string[];
}

/** Steps that an enforcer makes, before the first one is counted. */
const USUAL_STEPS = 20;
/** So long a step takes: within some of them policies and schemas are asked for again. */
const STEP_MS = 9000;
/** Undisturbed tries after which nothing may wait any more. */
const CALM_TRIES = 4;

/** Plays the story of a seed: an enforcer over a made stream, with so many points of trouble, then calm, then a look at everything. */
export async function playStreamStory(
  ground: DrillGround,
  seed: number,
  points: number,
): Promise<StreamStory> {
  let time = Date.parse('2024-06-01T06:00:00.000Z');
  const clock = {
    now: () => new Date(time),
    pass: (ms: number) => {
      time += ms;
    },
  };
  const { effects, dispose } = await ground.open(clock);
  try {
    const scratch = await effects.openScratch('drill');
    return await withEngine(
      { ...effects.engine, memoryLimitMb: 100, threads: 1 },
      join(scratch.directory, 'spill'),
      (engine) => new Story({ ground, effects, engine, clock, seed }).play(points),
    );
  } finally {
    await dispose();
  }
}

interface StoryParts {
  readonly ground: DrillGround;
  readonly effects: Effects;
  readonly engine: Engine;
  readonly clock: Clock & { pass(ms: number): void };
  readonly seed: number;
}

interface Actor {
  readonly mishaps: Mishaps;
  readonly outages: Outages;
}
const WELL: Actor = { mishaps: { failing: 0 }, outages: {} };

class Story {
  readonly #parts: StoryParts;
  readonly #dice: Dice;
  readonly #topic: DrillTopic;
  readonly #told: Evidence[] = [];
  readonly #sent: string[] = [];
  readonly #damage = noDamage();
  readonly #problems: string[] = [];
  readonly #hash = createHash('sha256');
  #usualSteps = USUAL_STEPS;
  #outages = 0;
  #processes = 0;
  #races = 0;
  #runs = 0;

  constructor(parts: StoryParts) {
    this.#parts = parts;
    this.#dice = diceOf(parts.seed);
    this.#topic = new DrillTopic(`drill-${parts.seed}`, this.#dice.int(1, 3), this.#dice);
  }

  async play(points: number): Promise<StreamStory> {
    const { clock, seed } = this.#parts;
    for (let point = 1; point <= points; point++) {
      this.#log(`point ${point}`);
      this.#topic.write(12);
      await this.#enforce(this.#trouble());
      if (this.#dice.chance(0.3)) await this.#run();
      clock.pass(this.#dice.int(1000, 400_000));
    }
    await this.#calm();
    const { effects, engine } = this.#parts;
    const calm = { effects, engine, topic: this.#topic, told: this.#told, sent: this.#sent };
    for (const problem of await checkCalm(calm)) this.#note(problem);
    return {
      ...{ seed, points, damage: this.#damage, outages: this.#outages, processes: this.#processes },
      ...{ races: this.#races, runs: this.#runs, events: this.#topic.events.length },
      passed: new Set(
        this.#told.filter(({ validation }) => validation.result === 'PASS').map((one) => one.evidence_id),
      ).size,
      digest: this.#hash.digest('hex'),
      problems: this.#problems,
    };
  }

  /** One or two enforcers, with what goes wrong for each. */
  #trouble(): readonly Actor[] {
    const dieAt = this.#dice.int(1, this.#usualSteps);
    const death: Actor = { mishaps: { dieAt, failing: 0 }, outages: {} };
    const faults: Actor = { mishaps: { failing: this.#dice.pick([0.01, 0.05, 0.1]) }, outages: {} };
    const calls = this.#dice.pick([1, 3, 20]);
    const outage = this.#dice.pick<Outages>([
      { evidence: calls },
      { registry: calls },
      { registry: 1_000_000 },
      { policies: 1_000_000 },
      { policies: calls },
      { disk: calls },
    ]);
    return this.#dice.pick<readonly Actor[]>([
      [death],
      [death],
      [death],
      [{ ...death, outages: outage }],
      [{ ...WELL, outages: outage }],
      [{ mishaps: { dieAt, failing: 0.05 }, outages: {} }],
      [faults],
      [death, WELL],
      [death, { ...faults, outages: outage }],
    ]);
  }

  /** Enforcers at the same time over what waits; those of a race take turns as the dice say. */
  async #enforce(actors: readonly Actor[]): Promise<void> {
    const turns = new Turns(this.#dice);
    if (actors.length > 1) this.#races++;
    const seats = actors.map((actor) => ({
      ...actor,
      seat: turns.join(),
      dice: diceOf(this.#dice.int(0, 2 ** 31 - 1)),
    }));
    await Promise.all(
      seats.map(async ({ seat, dice, mishaps, outages }) => {
        const name = `process ${++this.#processes}`;
        try {
          const steps = await runStreamProcess({
            ...this.#parts,
            ...{ topic: this.#topic, told: this.#told, sent: this.#sent, damage: this.#damage },
            ...{ seat, dice, mishaps, outages },
            log: (line) => this.#log(`${name} ${line}`),
            onStep: () => this.#parts.clock.pass(STEP_MS),
            onOutage: () => void this.#outages++,
          });
          if (mishaps.dieAt === undefined && steps > 8) this.#usualSteps = steps;
        } catch (error) {
          if (!(error instanceof ProcessDied)) this.#note(`${name} ended by ${messageOf(error)}`);
        } finally {
          seat.leave();
        }
      }),
    );
  }

  /** The batch workflow, undisturbed half of the time. */
  async #run(): Promise<void> {
    const { ground, effects, clock } = this.#parts;
    const isCalm = this.#dice.chance(0.5);
    const dieAt = this.#dice.int(1, 40);
    const seat = new Turns(this.#dice).join();
    const own = troubled(effects, {
      ...{ seat, dice: this.#dice, damage: this.#damage, log: (line) => this.#log(line) },
      mishaps: isCalm ? { failing: 0 } : { dieAt, failing: 0 },
      ...{ isCommit: () => false, onChange: async () => undefined },
    });
    await ground.execute({ dataset: STREAM_DRILL_DATASET, runId: this.#runId() }, own.effects);
    seat.leave();
    clock.pass(1000);
  }

  #runId(): string {
    const moment = this.#parts.clock.now().toISOString().replaceAll(/[-:.]/g, '');
    return `${moment}-${String(++this.#runs).padStart(8, '0')}`;
  }

  /** Nothing goes wrong any more: all that waits is done, and run until nothing is pending. */
  async #calm(): Promise<void> {
    const { ground, effects, clock } = this.#parts;
    for (let tries = 0; tries < CALM_TRIES && this.#topic.waiting > 0; tries++) await this.#enforce([WELL]);
    if (this.#topic.waiting > 0) this.#note(`${this.#topic.waiting} events wait although all is calm`);
    for (let tries = 0; tries < CALM_TRIES; tries++) {
      clock.pass(1000);
      const run = { dataset: STREAM_DRILL_DATASET, runId: this.#runId() };
      const { isSuccess, cause } = await ground.execute(run, effects);
      if (!isSuccess) this.#note(`an undisturbed run failed: ${cause}`);
    }
  }

  #log(line: string): void {
    this.#hash.update(`${line.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '*')}\n`);
  }

  #note(problem: string): void {
    this.#problems.push(problem);
  }
}
