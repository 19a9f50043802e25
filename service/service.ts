import type { RunningLake } from '../etl/operations/approve-run.ts';
import type { Tickets } from '../etl/ports.ts';
import type { PolicyStore } from '../stream/policy/policy-store.ts';
import type { SchemaRegistry } from '../stream/registry/registry.ts';
import type { LookAtHealth } from './health/kept-health.ts';
import type { Access } from './identity/local-access.ts';
import type { Oidc } from './identity/oidc/oidc.ts';
import type { Sessions } from './identity/sessions.ts';
import type { AdoptionDesk } from './privacy/adoption-desk.ts';
import type { LookingDesk } from './privacy/looking-desk.ts';
import type { ProjectionChanges } from './projections/projection-changes.ts';
import type { RecordDesk } from './quarantine/record-desk.ts';
import type { QueryDesk } from './queries/desk.ts';
import type { RunDesk } from './runs/run-desk.ts';
import type { Intake } from './uploads/intake.ts';
import type { UploadDesk } from './uploads/upload-desk.ts';

/** A file that the console's pages name, such as its style sheet. */
export interface Asset {
  readonly type: string;
  readonly body: string;
}

/** Where Glue and Athena have a lake on AWS. */
export interface Glue {
  readonly region: string;
  readonly account: string;
  /** What the names of the databases begin with. */
  readonly databasePrefix: string;
  /** Where analysts ask. */
  readonly workgroup: string;
}

/** Everything the service stands on: whoever starts it brings it. */
export interface Service {
  readonly lake: RunningLake;
  /** What people call the lake: its folder, or its stack. */
  readonly lakeName: string;
  readonly version: string;
  readonly access: Access;
  readonly sessions: Sessions;
  /** Where answers to keyed requests are kept for other processes of the service; undefined where it is one. */
  readonly tickets?: Tickets;
  /** Where people sign in by an issuer; undefined where one person opens an address. */
  readonly oidc?: Pick<Oidc, 'flow' | 'departures'>;
  /** Where people's SQL is answered. */
  readonly queries: QueryDesk;
  /** Where runs are started, and those under way are known. */
  readonly runs: RunDesk;
  /** The projections that somebody follows. */
  readonly changes: ProjectionChanges;
  /** How datasets do, as it was found and still holds. */
  readonly health: LookAtHealth;
  /** Where the policies of event datasets are kept. */
  readonly policies: PolicyStore;
  /** Where schemas of events are looked up; undefined where no registry is named. */
  readonly schemas?: SchemaRegistry;
  /** Where records that failed are found and dealt with. */
  readonly records: RecordDesk;
  /** Where datasets are adopted; undefined where the command does that alone. */
  readonly adoptions?: AdoptionDesk;
  /** Where values are looked for through every byte; undefined where the command does that alone. */
  readonly looking?: LookingDesk;
  /** Takes files that are sent; undefined where they come another way. */
  readonly intake?: Intake;
  /** Says where files are sent that don't fit through the service; undefined where they do. */
  readonly uploads?: UploadDesk;
  /** On AWS: how other tools find the tables. */
  readonly glue?: Glue;
  /** Name of the session's cookie: cookies are shared among the ports of a host. */
  readonly cookieName: string;
  /** The hosts, with their ports, under which the service is asked. */
  readonly hosts: ReadonlySet<string>;
  /** Whether browsers reach it by https. */
  readonly isSecure: boolean;
  /** Whether the service changes nothing, whoever asks. */
  readonly isReadOnly: boolean;
  /** The console's files by name. */
  readonly assets: ReadonlyMap<string, Asset>;
  /** Is given what nobody foresaw, with all its text; what is answered says no more than where it was. */
  readonly onError: (error: unknown) => void;
}
