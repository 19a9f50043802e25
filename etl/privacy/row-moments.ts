import { newCellBytes } from './cell-bytes.ts';
import { usualMomentMs } from './cell-moment.ts';
import { sealingPeriod } from './period.ts';
import type { PlannedMoment, ProtectionPlan, Rows } from './protection-plan.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Reads the times of row after row: two numbers and texts that are there already, for there are millions of rows. */
export class RowMoments {
  readonly #plan: Pick<ProtectionPlan, 'dated' | 'counted'>;
  readonly #arrived: Date;
  readonly #ofArrival: string;
  /** By day since 1970 the period of its times. */
  readonly #periods = new Map<number, string>();
  readonly #cell = newCellBytes();
  /**
   * The time of the row that was read last. A row of the future is one of today; one without a time may be of any, and is
   * taken as old: it brings nobody back.
   */
  datedMs = 0;
  /** The period whose key seals its values. */
  period: string;

  constructor(plan: Pick<ProtectionPlan, 'dated' | 'counted'>, arrived: Date) {
    this.#plan = plan;
    this.#arrived = arrived;
    this.#ofArrival = sealingPeriod(undefined, arrived);
    this.period = this.#ofArrival;
  }

  read(rows: Rows, n: number): void {
    const { dated, counted } = this.#plan;
    const ms = this.#msOf(rows, n, dated);
    this.datedMs = Number.isNaN(ms) ? 0 : Math.min(ms, this.#arrived.getTime());
    this.period = this.#periodOf(counted === dated ? ms : this.#msOf(rows, n, counted));
  }

  /** NaN where there is no time, or it can't be read. */
  #msOf(rows: Rows, n: number, moment: PlannedMoment | undefined): number {
    if (moment === undefined) return Number.NaN;
    const { place, of, isUsual } = moment;
    if (isUsual === true && rows.find(n, place, this.#cell)) {
      const ms = usualMomentMs(this.#cell);
      if (!Number.isNaN(ms)) return ms;
    }
    return of(rows.cell(n, place) ?? '')?.getTime() ?? Number.NaN;
  }

  #periodOf(ms: number): string {
    if (Number.isNaN(ms) || ms > this.#arrived.getTime()) return this.#ofArrival;
    const day = Math.floor(ms / DAY_MS);
    const known = this.#periods.get(day);
    if (known !== undefined) return known;
    const period = sealingPeriod(new Date(ms), this.#arrived);
    this.#periods.set(day, period);
    return period;
  }
}
