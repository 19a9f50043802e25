import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { initLake, openLake } from '../../adapters/local/lake.ts';
import { schemaFolder } from '../../adapters/local/schema-folder.ts';
import { policyFolder } from '../../adapters/local/stream/policy-folder.ts';
import { openEngine } from '../../etl/engine/engine.ts';
import { type Enforcer, openEnforcer } from '../../stream/enforcer.ts';
import { lakeEvidence } from '../../stream/evidence/lake-evidence.ts';
import { compatibilityGate } from '../../stream/gates/compatibility.ts';
import { decodingGate } from '../../stream/gates/decoding.ts';
import { openContracts } from '../../stream/gates/open-contracts.ts';
import { openPipeline, type Pipeline } from '../../stream/gates/pipeline.ts';
import { schemaGate } from '../../stream/gates/schema.ts';
import { Lander } from '../../stream/landing/lander.ts';
import { cachePolicies } from '../../stream/policy/policy-cache.ts';
import type { EventSource } from '../../stream/ports.ts';
import { readySchemas } from '../../stream/registry/ready-schemas.ts';
import { cacheRegistry } from '../../stream/registry/registry-cache.ts';
import { DATA_SCHEMA } from './orders.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/orders');

/** Gates with everything on, and an enforcer of a lake around them. */
export interface BenchEnforcer {
  readonly pipeline: Pipeline;
  over(source: EventSource): Enforcer;
  close(): void;
}

/** The contracts of the example. */
export const CONTRACTS = join(EXAMPLE, 'contracts');

/** Writes a policy that names a schema and a rule, below `policies`, and a registry that has it, `schemas`. */
export async function writePolicies(folder: string): Promise<void> {
  await mkdir(join(folder, 'schemas/orders.created'), { recursive: true });
  await mkdir(join(folder, 'policies'), { recursive: true });
  await writeFile(join(folder, 'schemas/orders.created/1.json'), JSON.stringify(DATA_SCHEMA));
  await writeFile(join(folder, 'policies/orders.created.yaml'), POLICY);
  await writeFile(join(folder, 'policies/resolution.yaml'), RULES);
}

/** Makes a lake in a folder, with the example's contract, a policy that names a schema, and a registry that has it. */
export async function openBenchEnforcer(folder: string): Promise<BenchEnforcer> {
  await writePolicies(folder);
  await initLake(join(folder, 'lake'));
  const { effects } = await openLake(join(folder, 'lake'), {
    contractsDir: CONTRACTS,
    sqlDir: folder,
    threads: 1,
  });
  const engine = await openEngine({ threads: 1, memoryLimitMb: 256 });
  const { clock, digestKey, objects } = effects;
  const contracts = openContracts({ source: effects.contracts, engine, clock });
  const schemas = readySchemas(cacheRegistry({ registry: schemaFolder(join(folder, 'schemas')), clock }));
  const pipeline = openPipeline({
    policies: cachePolicies({ store: policyFolder(join(folder, 'policies')), clock }),
    contracts,
    decoding: [decodingGate(schemas)],
    schemas: [schemaGate(schemas), compatibilityGate(schemas)],
  });
  return {
    pipeline,
    over: (source) =>
      openEnforcer({
        source,
        clock,
        pipeline,
        evidence: lakeEvidence(objects),
        making: { contracts, digestKey },
        lander: new Lander({ effects, contracts, digestKey, limits: LIMITS }),
        pause: (ms) => wait(ms),
      }),
    close: () => engine.close(),
  };
}

/** As `assay enforce --bootstrap` lands, but for the clock. */
const LIMITS = { maxEvents: 50_000, maxBytes: 32 << 20, maxTotalBytes: 64 << 20, maxAgeMs: 5_000 };

const POLICY = `dataset_urn: urn:dp:orders:created
contract_id: dc:orders.created:3
schema_id: folder:orders.created:1
pii_policy: BLOCK
owners: [orders-team]
envelope: cloudevents
producers: [{ principal: User:orders-svc, producer_id: orders-svc }]
`;

const RULES = `rules:
  - source_type: TOPIC
    source_value: raw.orders.events
    dataset_urn: urn:dp:orders:created
    resolution_confidence: HIGH
    extraction_rule: event_type=orders.order.created
`;
