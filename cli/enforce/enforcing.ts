import { setTimeout as pause } from 'node:timers/promises';
import type { Engine } from '../../etl/engine/engine.ts';
import { openEnforcer } from '../../stream/enforcer.ts';
import type { Evidence } from '../../stream/evidence/evidence.ts';
import { KEEP_NOTHING } from '../../stream/evidence/keep-nothing.ts';
import { lakeEvidence, type OnKept } from '../../stream/evidence/lake-evidence.ts';
import type { Gate } from '../../stream/gates/gate.ts';
import { openContracts } from '../../stream/gates/open-contracts.ts';
import { openPipeline } from '../../stream/gates/pipeline.ts';
import { landNothing } from '../../stream/landing/land-nothing.ts';
import type { Landed } from '../../stream/landing/landed.ts';
import { Lander, type LandingLimits } from '../../stream/landing/lander.ts';
import type { BatchRuns, EventSource, EvidenceSink, Policies, Republisher } from '../../stream/ports.ts';
import type { Io } from '../io.ts';
import type { CommandLake } from '../open-lake.ts';
import type { Tally } from './tally.ts';
import type { Watch } from './watch.ts';

/** How a command line has events enforced. */
export interface Enforcing {
  readonly lake: CommandLake;
  readonly engine: Engine;
  readonly source: EventSource;
  readonly policies: Policies;
  readonly tally: Tally;
  readonly limits: LandingLimits;
  /** Set where an offset always holds the same event, as in a file. */
  readonly isFixed?: true;
  readonly watch: Watch;
  /** Where evidence is told, beside the lake that keeps it. */
  readonly evidenceTopic?: EvidenceSink;
  /** Set where nothing lands, and evidence is told and not kept. */
  readonly isCanary?: true;
  readonly republisher?: Republisher;
  readonly runs?: BatchRuns;
  /** Gates of schema registries. */
  readonly decoding?: readonly Gate[];
  readonly schemas?: readonly Gate[];
  readonly onJudged?: (evidence: readonly Evidence[]) => void;
  readonly onLanded?: (landed: Landed) => void;
  readonly onKept?: OnKept;
}

/** Enforces events until their source ends, or Ctrl-C or SIGTERM comes: then what was begun is finished. Returns whether it was interrupted. */
export async function enforceUntilEnd(enforcing: Enforcing, io: Io): Promise<boolean> {
  const { lake, engine, source, policies, tally, limits, isFixed, evidenceTopic, republisher, runs, watch } =
    enforcing;
  const isCanary = enforcing.isCanary === true;
  const { objects, clock, contracts: texts, digestKey, vault } = lake.effects;
  const contracts = openContracts({ source: texts, engine, clock });
  const enforcer = openEnforcer({
    source,
    clock,
    pipeline: openPipeline({ ...enforcing, policies, contracts }),
    evidence: isCanary ? KEEP_NOTHING : watch.keeper(lakeEvidence(objects, enforcing.onKept)),
    ...(evidenceTopic === undefined ? {} : { evidenceTopic }),
    making: { contracts, digestKey, ...(vault === undefined ? {} : { vault }) },
    lander: isCanary
      ? landNothing()
      : new Lander({
          effects: lake.effects,
          contracts,
          limits,
          digestKey,
          ...(isFixed === undefined ? {} : { isFixed }),
        }),
    pause: (ms) => pause(ms),
    every(ms, work) {
      const timer = setInterval(work, ms);
      return () => clearInterval(timer);
    },
    ...(republisher === undefined ? {} : { republisher }),
    ...(runs === undefined ? {} : { runs }),
    onJudged(judged) {
      tally.judged(judged);
      enforcing.onJudged?.(judged);
    },
    onLanded(landed) {
      tally.landed(landed);
      enforcing.onLanded?.(landed);
    },
    ...(watch.telemetry === undefined ? {} : { telemetry: watch.telemetry }),
    onHeldBack: (events) => tally.heldBack(events),
    onRetry: (error, attempt) => {
      if (attempt === 1) watch.log.say('info', `waiting, and trying again: ${error.message}`);
    },
  });
  let isInterrupted = false;
  const off = io.onInterrupt(() => {
    isInterrupted = true;
    void enforcer.stop();
  });
  try {
    await enforcer.run();
  } finally {
    off();
  }
  return isInterrupted;
}
