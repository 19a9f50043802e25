import type { findCoordinatorV6 } from '@platformatic/kafka';
import { TransientError } from '../../etl/errors.ts';
import { type Backoff, pause } from './backoff.ts';
import type { Cluster } from './cluster.ts';
import { isAnswer, protocolErrors } from './kafka-error.ts';

/** The kind of a coordinator that keeps a consumer group. */
const GROUP = 0;
/** Errors that pass: the coordinator moves or starts. */
const PASSING = ['COORDINATOR_LOAD_IN_PROGRESS', 'COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR'];
const RETRIES: Backoff = { firstMs: 100, mostMs: 1_000, attempts: 8 };

/** The broker that keeps a consumer group: found when it is needed, and anew when it moved. */
export class GroupCoordinator {
  readonly #cluster: Cluster;
  readonly #group: string;
  #nodeId: number | undefined;

  constructor(cluster: Cluster, group: string) {
    this.#cluster = cluster;
    this.#group = group;
  }

  /** Sends a request, and again while the coordinator moves or can't be reached, for some seconds. Throws what the coordinator answers else. */
  async call<Request extends unknown[], Response>(name: string, request: Request): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once<Request, Response>(name, request);
      } catch (error) {
        const names = protocolErrors(error);
        const passes = !isAnswer(error) || PASSING.some((passing) => names.has(passing));
        if (!passes || attempt >= RETRIES.attempts) throw error;
        await pause(RETRIES, attempt);
      }
    }
  }

  /** Sends a request once. */
  async once<Request extends unknown[], Response>(name: string, request: Request): Promise<Response> {
    try {
      this.#nodeId ??= await this.#find();
      return await this.#cluster.call<Request, Response>(this.#nodeId, name, request);
    } catch (error) {
      const names = protocolErrors(error);
      if (!isAnswer(error) || PASSING.some((passing) => names.has(passing))) this.#nodeId = undefined;
      throw error;
    }
  }

  async #find(): Promise<number> {
    const { coordinators } = await this.#cluster.call<
      findCoordinatorV6.FindCoordinatorRequest,
      findCoordinatorV6.FindCoordinatorResponse
    >('any', 'FindCoordinator', [GROUP, [this.#group]]);
    const [found] = coordinators;
    if (found === undefined)
      throw new TransientError('KAFKA_GROUP', `Nobody keeps the group ${this.#group} at the moment.`);
    // Brokers by id are known from the cluster's state, which is asked anew: the coordinator may be new.
    await this.#cluster.state([]);
    return found.nodeId;
  }
}
