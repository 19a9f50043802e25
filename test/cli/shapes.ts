import { z } from 'zod';

/** What docs/cli.md says of --json; strict, so that no field goes undocumented. */

const Digest = z.string().regex(/^[0-9a-f]{64}$/);
const Dataset = z.string().regex(/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/);
const Counted = z.number().int().min(0);
const Counts = z.strictObject({
  records: Counted,
  silver: Counted,
  quarantined: Counted,
  condemned: Counted,
  blank: Counted,
  footer: Counted.optional(),
  repeats: Counted.optional(),
  forgotten: Counted.optional(),
});
const ErrorObject = z.strictObject({
  name: z.string(),
  code: z.string(),
  message: z.string(),
  context: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  problems: z
    .array(z.strictObject({ file: z.string(), line: z.number(), path: z.string(), message: z.string() }))
    .optional(),
});

export const ErrorJson = z.strictObject({ error: ErrorObject });
export const InitJson = z.strictObject({ lake: z.string(), created: z.boolean() });

const Ingested = z.strictObject({
  file: z.string(),
  key: z.string().startsWith('bronze/'),
  sizeBytes: Counted,
  digest: Digest,
  existed: z.boolean(),
});
export const IngestJson = z.array(Ingested);

const ControlTotal = z.strictObject({
  key: z.string(),
  measure: z.string(),
  by: z.string().nullable(),
  in: z.string(),
  silver: z.string(),
  quarantined: z.string(),
  condemned: z.string(),
  repeats: z.string().optional(),
  forgotten: z.string().optional(),
  declared: z.string().optional(),
  met: z.boolean(),
});
const RunFile = Counts.extend({
  key: z.string(),
  sourceFileId: Digest,
  sizeBytes: Counted,
  status: z.enum(['accepted', 'empty', 'rejected', 'repeat']),
  note: z.string().optional(),
});
/** A published figure that changed. */
const Restated = z.strictObject({
  report: Dataset,
  month: z.string().regex(/^\d{4}-\d\d$/),
  key: z.record(z.string(), z.unknown()),
  column: z.string(),
  old: z.string().nullable(),
  new: z.string().nullable(),
  isTold: z.boolean(),
});
/** One that would have changed, were its month not closed. */
const WaitingFigure = Restated.extend({ waits: z.string() });
/** What became of a projection of the run's events. */
const ProjectionNamed = { projection: Dataset, table: z.string().startsWith('projection.') };
const ProjectionAfter = z.discriminatedUnion('status', [
  z.strictObject({
    ...ProjectionNamed,
    status: z.literal('refreshed'),
    streams: Counted,
    anew: Counted,
    events: Counted,
    restated: Counted,
  }),
  z.strictObject({
    ...ProjectionNamed,
    status: z.literal('failed'),
    code: z.string(),
    message: z.string(),
  }),
  z.strictObject({ ...ProjectionNamed, status: z.literal('behind') }),
]);
const Run = z.strictObject({
  runId: z.string().nullable(),
  dataset: Dataset,
  status: z.enum([
    'promoted',
    'nothing-published',
    'held',
    'refused',
    'failed',
    'nothing-to-do',
    'rolled-back',
  ]),
  counts: Counts,
  reasons: z.record(z.string(), Counted),
  controlTotals: z.array(ControlTotal),
  unread: z
    .array(z.strictObject({ key: z.string(), measure: z.string(), records: z.number().int().min(1) }))
    .exactOptional(),
  events: z
    .strictObject({
      gaveWay: z.number().int().min(1).exactOptional(),
      gaps: z
        .strictObject({
          streams: z.number().int().min(1),
          missing: z.number().int().min(1),
          examples: z.array(
            z.strictObject({
              stream: z.string(),
              missing: z.number().int().min(1),
              firstMissing: z.string(),
            }),
          ),
        })
        .exactOptional(),
    })
    .exactOptional(),
  sets: z
    .strictObject({
      engine: z.enum(['trino', 'athena']),
      rows: z.number().int().min(0),
      readBytes: z.number().int().min(0).exactOptional(),
    })
    .exactOptional(),
  snapshotId: z.number().int().nullable(),
  sealDigest: Digest.nullable(),
  durationMs: z.number().min(0),
  files: z.array(RunFile),
  contractVersion: z.string().nullable(),
  why: z.array(z.string()),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  /** Of commands that may publish. */
  restated: z.array(Restated).exactOptional(),
  waiting: z.array(WaitingFigure).exactOptional(),
  projections: z.array(ProjectionAfter).exactOptional(),
  gold: z
    .array(
      z.strictObject({
        report: Dataset,
        table: z.string().startsWith('gold.'),
        engine: z.enum(['duckdb', 'trino', 'athena']),
      }),
    )
    .exactOptional(),
  error: ErrorObject.optional(),
});
export const RunJson = Run;
export const RunsJson = z.array(Run);

export const ReadmitJson = z.strictObject({
  runId: z.string(),
  dataset: Dataset,
  was: z.enum(['held', 'refused', 'rolled-back']),
  files: z.array(z.string()),
});

export const PlansJson = z.array(
  z.discriminatedUnion('status', [
    z.strictObject({
      dataset: Dataset,
      status: z.literal('planned'),
      contractVersion: z.string(),
      baseVersion: Counted,
      files: z.array(
        z.strictObject({
          key: z.string(),
          sizeBytes: Counted,
          digest: Digest,
          repeatOf: z.string().nullable(),
        }),
      ),
      chunks: z.array(z.strictObject({ chunk: z.string(), files: Counted, sizeBytes: Counted })),
    }),
    z.strictObject({ dataset: Dataset, status: z.literal('nothing-to-do') }),
    z.strictObject({ dataset: Dataset, status: z.literal('refused'), why: z.array(z.string()) }),
    z.strictObject({ dataset: Dataset, status: z.literal('failed'), error: ErrorObject }),
  ]),
);

const Reject = z.strictObject({
  verdict: z.enum(['quarantined', 'condemned']),
  sourceFile: z.string(),
  sourceRowNumber: Counted,
  sourceLine: Counted.nullable(),
  attemptCount: Counted.nullable(),
  reasons: z.array(
    z.strictObject({
      rule: z.string().nullable(),
      column: z.string().nullable(),
      code: z.string(),
      value: z.string().nullable(),
    }),
  ),
  record: z.record(z.string(), z.unknown()).nullable(),
  rawText: z.string().nullable(),
});
export const ShowJson = Run.extend({
  readersSee: z.string().nullable(),
  examples: z.array(Reject),
  notes: z.array(z.string()),
  next: z.array(z.string()),
});

export const BreakersJson = z.array(
  z.discriminatedUnion('state', [
    z.strictObject({ dataset: Dataset, state: z.literal('closed') }),
    z.strictObject({
      dataset: Dataset,
      state: z.literal('open'),
      openedAt: z.iso.datetime(),
      runId: z.string(),
      code: z.string(),
      errors: Counted,
      windowMinutes: z.number(),
      sources: z.array(z.strictObject({ runId: z.string(), sourceFile: z.string(), records: Counted })),
      examples: z.array(Reject),
    }),
  ]),
);
export const BreakerResetJson = z.strictObject({
  dataset: Dataset,
  state: z.literal('closed'),
  openedAt: z.iso.datetime(),
  runId: z.string(),
  code: z.string(),
  errors: Counted,
  resetAt: z.iso.datetime(),
});

const RecordId = z.string().regex(/^[0-9a-f]{16}$/);
const State = z.enum(['open', 'retrying', 'condemned', 'silver', 'corrected']);
export const QuarantineListJson = z.array(
  z.strictObject({
    dataset: Dataset,
    total: Counted,
    records: z.array(
      z.strictObject({
        record: RecordId,
        state: State,
        sourceFile: z.string(),
        sourceRowNumber: Counted,
        failures: Counted,
        failedAt: z.iso.datetime(),
        runId: z.string(),
        reasons: Reject.shape.reasons,
        isCorrected: z.boolean(),
      }),
    ),
  }),
);
const Values = z.record(z.string(), z.string().nullable());
export const QuarantineShowJson = z.strictObject({
  record: RecordId,
  rowHash: Digest,
  dataset: Dataset,
  state: State,
  sourceFileId: Digest,
  sourceFile: z.string(),
  sourceRowNumber: Counted,
  sourceLine: Counted.nullable(),
  failures: Counted,
  contractVersion: z.string(),
  reasons: Reject.shape.reasons,
  values: Values.nullable(),
  rawText: z.string().nullable(),
  corrections: Values,
  history: z.array(
    z.strictObject({
      at: z.iso.datetime(),
      what: z.enum(['quarantined', 'condemned', 'corrected', 'retried', 'released', 'redriven']),
      by: z.string(),
      details: z.string(),
    }),
  ),
});
export const RetryJson = z.strictObject({
  dataset: Dataset,
  retryId: z.string(),
  file: z.string().startsWith('ops/retries/'),
  records: Counted,
  skipped: z.array(z.strictObject({ record: RecordId, why: z.string() })),
  runs: z.array(Run),
});
export const CondemnJson = z.strictObject({
  dataset: Dataset,
  records: z.array(RecordId),
  version: Counted,
});
export const ReleaseJson = z.strictObject({
  dataset: Dataset,
  request: z.string(),
  state: z.enum(['asked', 'released']),
  askedBy: z.string(),
  approvedBy: z.string().nullable(),
  records: z.array(RecordId),
});
export const ExportJson = z.strictObject({ dataset: Dataset, out: z.string(), records: Counted });

export const HealthJson = z.array(
  z.strictObject({
    dataset: Dataset,
    layer: z.enum(['silver', 'gold', 'projection']),
    publishedAt: z.iso.datetime().nullable(),
    ailments: z.array(z.strictObject({ code: z.string(), what: z.string(), next: z.string() })),
    notes: z.array(z.string()).exactOptional(),
  }),
);
export const LineageJson = z.strictObject({
  dataset: Dataset,
  figure: z.record(z.string(), z.unknown()).nullable(),
  closing: z.strictObject({ id: z.string(), at: z.iso.datetime(), by: z.string() }).nullable(),
  inputs: z.array(
    z.strictObject({
      dataset: Dataset,
      snapshotId: z.number().int(),
      rows: Counted,
      measures: z.record(z.string(), z.string()),
      files: z.array(
        z.strictObject({
          sourceFile: z.string().startsWith('bronze/'),
          rows: Counted,
          measures: z.record(z.string(), z.string()),
        }),
      ),
      records: z.array(
        z.strictObject({
          values: Values,
          runId: z.string(),
          sourceFileId: Digest,
          sourceFile: z.string().startsWith('bronze/'),
          sourceRowNumber: Counted,
          line: Counted.nullable(),
          text: z.string().nullable(),
          retriedIn: z.string().nullable(),
          repeats: z.array(z.strictObject({ sourceFile: z.string(), sourceRowNumber: Counted })),
        }),
      ),
    }),
  ),
});
export const AuditJson = z.array(
  z.strictObject({
    dataset: Dataset,
    layer: z.enum(['silver', 'gold', 'projection']),
    version: Counted,
    checked: z.strictObject({
      snapshots: Counted,
      files: Counted,
      seals: Counted,
      sourceFiles: Counted,
      records: Counted,
    }),
    unusedFiles: Counted,
    engine: z.enum(['trino', 'athena']).exactOptional(),
    problems: z.array(z.strictObject({ code: z.string(), key: z.string(), problem: z.string() })),
  }),
);

export const DrillJson = z.strictObject({
  seed: Counted,
  points: Counted,
  stories: Counted,
  damage: z.strictObject({ kills: Counted, refused: Counted, lostAnswers: Counted, torn: Counted }),
  executions: Counted,
  races: Counted,
  tendings: Counted,
  looks: Counted,
  files: Counted,
  records: Counted,
  problems: z.array(z.strictObject({ seed: Counted, points: Counted, problem: z.string() })),
  durationMs: Counted,
});

export const SnapshotsJson = z.array(
  z.strictObject({
    snapshotId: z.number().int(),
    sequenceNumber: z.number().int(),
    committedAt: z.iso.datetime(),
    operation: z.string().nullable(),
    addedRecords: Counted,
    removedRecords: Counted,
    totalRecords: Counted,
    runId: z.string().nullable(),
    isCurrent: z.boolean(),
    generation: Counted.min(1),
  }),
);

const RunFiles = z.strictObject({ runId: z.string(), files: z.array(z.string()) });
export const RollbackJson = z.strictObject({
  dataset: Dataset,
  from: z.number().int(),
  to: z.number().int(),
  version: Counted,
  rolledBack: z.array(RunFiles),
  restored: z.array(RunFiles),
  gold: z.array(
    z.strictObject({
      table: z.string(),
      months: Counted,
      rows: Counted,
      restated: Counted,
      restatedMonths: z.array(z.string()),
      waiting: z.array(z.strictObject({ month: z.string(), id: z.string() })),
    }),
  ),
});

export const BackfillJson = z.strictObject({
  dataset: Dataset,
  contractVersion: z.string(),
  files: z.array(z.string().startsWith('bronze/')),
  alongside: Counted,
  upToDate: Counted,
  held: Counted,
  run: Run.nullable(),
  restated: z.array(Restated),
  waiting: z.array(WaitingFigure),
});
const Comparison = {
  compatible: z.boolean(),
  needsMajor: z.boolean(),
  changes: z.array(
    z.strictObject({
      kind: z.enum(['breaking', 'additive', 'neutral']),
      path: z.string(),
      message: z.string(),
    }),
  ),
};
export const ContractsDiffJson = z.strictObject({
  dataset: Dataset,
  from: z.string(),
  to: z.string(),
  ...Comparison,
  modes: z.record(
    z.enum(['NONE', 'BACKWARD', 'FORWARD', 'FULL']),
    z.strictObject({ compatible: z.boolean(), because: z.array(z.string()) }),
  ),
});
const Requests = z.strictObject({ writes: Counted, reads: Counted, waits: Counted });
export const EstimateJson = z.strictObject({
  dataset: Dataset,
  from: z.enum(['history', 'options']),
  workload: z.strictObject({
    bytesPerDay: z.number(),
    filesPerDay: z.number(),
    runsPerDay: z.number(),
    monthsPerRun: Counted,
    goldTables: Counted,
    goldTablesWhole: Counted,
    goldLookupBytes: Counted,
    goldByDuckDb: z.array(z.strictObject({ report: z.string(), why: z.string() })),
    runsBefore: Counted,
    scannedBytesPerDay: z.number(),
    silverPerByte: z.number(),
    goldPerByte: z.number(),
  }),
  platform: z.strictObject({ concurrency: Counted, chunkBytes: Counted }),
  measured: z.record(z.string(), z.number()),
  prices: z.record(z.string(), z.union([z.string(), z.number()])),
  run: z.strictObject({
    files: Counted,
    chunks: Counted,
    ranges: Counted,
    cutFiles: Counted,
    months: Counted,
    silverFiles: Counted,
    ledgerFiles: Counted,
    ledgerManifests: Counted,
    absorbedFiles: Counted,
    silverManifests: Counted,
    overlappingFiles: Counted,
    goldTables: Counted,
    goldTablesWhole: Counted,
    goldInputFiles: Counted,
    goldWholeFiles: Counted,
  }),
  stages: z.array(
    z.strictObject({
      stage: z.string(),
      calls: Counted,
      wallSeconds: z.number(),
      functionSeconds: z.number(),
      requests: Requests,
      diskBytes: z.number(),
    }),
  ),
  runSeconds: z.number(),
  daySeconds: z.number(),
  lines: z.array(
    z.strictObject({ what: z.string(), quantity: z.number(), unit: z.string(), dollars: z.number() }),
  ),
  dollarsPerDay: z.number(),
  storageDollarsPerMonth: z.number(),
  overruns: z.array(
    z.strictObject({
      stage: z.string(),
      limit: z.enum(['disk', 'time']),
      needs: z.number(),
      has: z.number(),
    }),
  ),
});

const InferredNote = z.strictObject({
  path: z.string(),
  kind: z.enum(['seen', 'review', 'decide']),
  text: z.string(),
});
export const ContractsInferJson = z.strictObject({
  dataset: Dataset,
  files: z.array(
    z.strictObject({
      name: z.string(),
      sizeBytes: Counted,
      readBytes: Counted,
      isSampled: z.boolean(),
      packing: z.enum(['none', 'gzip', 'UTF-16']),
      preambleLines: Counted,
      records: Counted,
      blank: Counted,
      broken: Counted,
      isWindows1252: z.boolean(),
    }),
  ),
  csv: z.strictObject({
    delimiter: z.string(),
    quote: z.string(),
    escape: z.string(),
    extraFields: z.literal('empty').optional(),
    encodings: z.array(z.string()),
    nullValues: z.array(z.string()),
    totalRowColumn: z.string().optional(),
    repeatedHeader: z.literal('skip').optional(),
  }),
  columns: z.array(
    z.strictObject({
      name: z.string(),
      headers: z.array(z.string()),
      type: z.string(),
      formats: z.array(z.string()),
      number: z.strictObject({
        decimal: z.string(),
        group: z.string().optional(),
        symbols: z.array(z.string()),
        minus: z.array(z.string()).optional(),
        parentheses: z.boolean(),
      }),
      nullValues: z.array(z.string()),
      values: z.literal('iso-4217').nullable(),
      required: z.boolean(),
      classification: z.string(),
    }),
  ),
  key: z.array(z.string()),
  isKeyRecord: z.boolean(),
  partitionColumn: z.string().nullable(),
  measures: z.array(z.strictObject({ column: z.string(), by: z.string().optional() })),
  notes: z.array(InferredNote),
  left: z.array(z.strictObject({ file: z.string(), line: Counted, path: z.string(), message: z.string() })),
  contract: z.string(),
  out: z.string().nullable(),
});

const TriedPlace = { sourceFile: z.string(), sourceRowNumber: Counted };
const Nullable = z.string().nullable();
export const ContractsTryJson = z.strictObject({
  dataset: Dataset,
  from: z.string(),
  to: z.string(),
  comparison: z.strictObject(Comparison),
  files: Counted,
  counts: z.strictObject({
    records: Counted,
    silverNow: Counted,
    silverThen: Counted,
    toSilver: Counted,
    out: Counted,
  }),
  flips: z.array(
    z.strictObject({
      to: z.enum(['silver', 'out']),
      rule: z.string(),
      column: Nullable,
      code: z.string(),
      records: Counted,
      examples: z.array(z.strictObject({ ...TriedPlace, value: Nullable })),
    }),
  ),
  values: z.array(
    z.strictObject({
      column: z.string(),
      records: Counted,
      examples: z.array(z.strictObject({ ...TriedPlace, old: Nullable, new: Nullable })),
    }),
  ),
  sums: z.array(z.strictObject({ measure: z.string(), before: z.string(), after: z.string() })),
  pii: z.array(z.strictObject({ column: z.string(), kind: z.string(), records: Counted })),
  gold: z.array(
    z.strictObject({
      report: Dataset,
      restated: Counted,
      figures: z.array(
        z.strictObject({
          month: z.string(),
          key: z.record(z.string(), z.unknown()),
          column: z.string(),
          old: Nullable,
          new: Nullable,
        }),
      ),
      problem: Nullable,
    }),
  ),
});
const ByTable = <T extends z.ZodType>(shape: T) =>
  z.strictObject({
    silver: shape.optional(),
    quarantine: shape.optional(),
    condemned: shape.optional(),
    source_files: shape.optional(),
    gold: shape.optional(),
  });
export const ExpireJson = z.strictObject({
  dataset: Dataset,
  layer: z.enum(['silver', 'gold']),
  before: z.iso.datetime(),
  version: Counted,
  expired: ByTable(z.array(z.number().int())),
  generations: z.array(z.number().int()),
  kept: ByTable(Counted),
});

export const LetGoJson = z.strictObject({
  before: z.iso.datetime(),
  isDryRun: z.boolean(),
  datasets: z.array(
    z.strictObject({
      dataset: Dataset,
      version: Counted,
      records: Counted,
      quarantined: Counted,
      condemned: Counted,
      oldest: z.iso.datetime().nullable(),
      newest: z.iso.datetime().nullable(),
      runs: z.array(
        z.strictObject({
          runId: z.string(),
          quarantined: Counted,
          condemned: Counted,
          oldest: z.iso.datetime(),
          newest: z.iso.datetime(),
        }),
      ),
    }),
  ),
  refused: z.array(z.strictObject({ dataset: Dataset, error: ErrorObject })),
});

export const VacuumJson = z.array(
  z.strictObject({
    dataset: Dataset,
    layer: z.enum(['silver', 'gold']),
    skipped: z.string().nullable(),
    removed: z.array(z.strictObject({ key: z.string(), sizeBytes: Counted })),
    removedBytes: Counted,
    young: Counted,
  }),
);

export const ReconcileJson = z.strictObject({ tables: z.array(z.string()) });

export const UpgradeJson = z.array(
  z.strictObject({
    dataset: Dataset,
    layer: z.enum(['silver', 'gold']),
    from: Counted,
    to: Counted,
    version: Counted,
    tables: z.array(
      z.strictObject({
        table: z.string(),
        renamed: z.boolean(),
        relocated: z.boolean(),
        filesBefore: Counted,
        bytesBefore: Counted,
        rows: Counted,
        filesAfter: Counted.nullable(),
        bytesAfter: Counted.nullable(),
      }),
    ),
  }),
);

export const CompactJson = z.strictObject({
  dataset: Dataset,
  from: Counted,
  to: Counted,
  version: Counted,
  joined: z.array(
    z.strictObject({
      month: z.string().regex(/^\d{4}-\d\d$/),
      rows: Counted,
      filesBefore: Counted,
      bytesBefore: Counted,
      filesAfter: Counted.nullable(),
      bytesAfter: Counted.nullable(),
    }),
  ),
});

const Text = z.string().nullable();
export const DiffJson = z.strictObject({
  dataset: Dataset,
  from: z.number().int(),
  to: z.number().int(),
  rowsAdded: Counted,
  rowsRemoved: Counted,
  months: z.array(
    z.strictObject({
      month: z.string(),
      rowsAdded: Counted,
      rowsRemoved: Counted,
      measures: z.array(
        z.strictObject({ measure: z.string(), by: Text, added: z.string(), removed: z.string() }),
      ),
    }),
  ),
  keyCount: Counted,
  keys: z.array(
    z.strictObject({
      change: z.enum(['added', 'removed', 'changed']),
      month: z.string(),
      key: z.record(z.string(), Text),
      values: z.record(z.string(), z.strictObject({ old: Text, new: Text })),
    }),
  ),
});

export const ReportsJson = z.array(
  z.strictObject({
    report: Dataset,
    table: z.string(),
    version: z.string(),
    owner: z.string(),
    description: z.string(),
  }),
);
export const ReportJson = z.strictObject({
  report: Dataset,
  table: z.string(),
  month: z.string().nullable(),
  contractVersion: z.string().nullable(),
  snapshotId: z.number().nullable(),
  committedAt: z.iso.datetime().nullable(),
  madeFrom: z.array(z.strictObject({ dataset: Dataset, snapshotId: z.number() })),
  isRestated: z.boolean(),
  waiting: z.array(z.string()),
  columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
  rows: z.array(z.record(z.string(), z.unknown())),
});

export const QueryFileJson = z.strictObject({ out: z.string(), format: z.string(), rows: Counted });

export const ContractsCheckJson = z.strictObject({
  files: z.array(z.string()),
  contracts: z.array(
    z.strictObject({
      dataset: Dataset,
      layer: z.enum(['silver', 'gold']),
      version: z.string(),
      file: z.string(),
    }),
  ),
  problems: ErrorObject.shape.problems.unwrap(),
});

const at = { at: z.iso.datetime() };
export const WatchEventJson = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('watching'), drop: z.string(), ...at }),
  Ingested.extend({ event: z.literal('ingested'), dataset: Dataset, ...at }),
  z.strictObject({ event: z.literal('refused'), file: z.string(), error: ErrorObject, ...at }),
  z.strictObject({ event: z.literal('run'), run: Run, ...at }),
  z.strictObject({ event: z.literal('swept'), datasets: z.array(Dataset), ...at }),
  z.strictObject({ event: z.literal('error'), error: ErrorObject, ...at }),
  z.strictObject({ event: z.literal('stopped'), ...at }),
]);

export const TendJson = z.array(
  z.strictObject({
    dataset: Dataset,
    layer: z.enum(['silver', 'gold']),
    skipped: z.enum(['off', 'not due', 'nothing published']).nullable(),
    expired: Counted,
    removed: Counted,
    unstaged: Counted,
    endedPeriods: Counted,
    joined: Counted,
    conflicts: Counted,
  }),
);
