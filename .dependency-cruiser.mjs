/** Who may import whom: the layout of docs/decisions.md, each rule with its reason. */
const rule = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

export default {
  forbidden: [
    rule('no-circular', 'A cycle has no first thing to read.', {}, { circular: true }),
    rule(
      'core-knows-no-adapter',
      'etl is the product on AWS and embedded alike; what it needs of the world comes through etl/ports.ts.',
      { path: '^etl/' },
      { path: '^(adapters|lambdas|lib|cli|bin|service|stream(?!/promises$)|test|bench)/' },
    ),
    rule(
      'core-knows-no-disk',
      'etl reads no disk, network or environment by itself, so that every stage runs anywhere and under test.',
      { path: '^etl/' },
      { path: '^(node:)?(fs|fs/promises|http|https|net|os|process|child_process|worker_threads)$' },
    ),
    rule(
      'core-knows-no-sdk',
      'Neither AWS nor the CLI nor the interpreter of the state machine belongs into the core.',
      { path: '^etl/' },
      {
        path: 'node_modules/(@aws-sdk|aws-cdk-lib|constructs|aws-local-stepfunctions|chokidar|cli-table3|cli-progress)',
      },
    ),
    rule(
      'service-knows-no-adapter',
      'The service answers on this machine and on AWS alike: whoever starts it brings the lake, the clock and the files.',
      { path: '^service/' },
      {
        path: '^(adapters|lambdas|lib|cli|bin|test|bench)/|^(node:)?(fs|fs/promises|http|https|net|os|process|child_process|worker_threads)$|node_modules/(@aws-sdk|aws-cdk-lib|@hono/node-server)',
      },
    ),
    rule(
      'stream-knows-no-adapter',
      'The enforcer judges events wherever they come from: whoever starts it brings the broker, the stores, the registry and the clock.',
      { path: '^stream/' },
      {
        path: '^(adapters|lambdas|lib|cli|bin|service|test|bench)/|^(node:)?(fs|fs/promises|http|https|net|os|process|child_process|worker_threads)$|node_modules/(@aws-sdk|aws-cdk-lib|@platformatic|hono|@hono)/',
      },
    ),
    rule(
      'service-alone-knows-hono',
      'Only the service and what listens for it know the framework: it can be exchanged.',
      { path: '^(?!service/|adapters/local/http-server|test/)' },
      { path: 'node_modules/(hono|@hono)/' },
    ),
    rule(
      'adapters-implement-ports',
      'An adapter is used by those who wire; it knows no command line and no CDK.',
      { path: '^adapters/' },
      { path: '^(cli|service|lambdas|lib|bin|test|bench)/' },
    ),
    rule(
      'infrastructure-knows-names',
      'lib takes keys from etl/naming, contracts from etl/contract and the shape of an alert from etl/ports, so that policies and code can not disagree; nothing that runs.',
      { path: '^lib/' },
      { path: '^(adapters|lambdas|cli|bin|bench)/|^etl/(?!naming/|ports[.]ts|contract/)' },
    ),
    rule(
      'infrastructure-stands-apart',
      'Only lib and its entry know CDK: nothing that runs carries it.',
      { path: '^(?!lib/|bin/|test/)' },
      { path: 'node_modules/(aws-cdk-lib|constructs|cdk-nag)' },
    ),
    rule(
      'one-interpreter',
      'Only the runner knows that a library interprets the state machine.',
      { path: '^(?!adapters/local/)' },
      { path: 'node_modules/aws-local-stepfunctions' },
    ),
    rule(
      'one-kafka-client',
      "Only the adapter knows which library speaks Kafka's protocol; tests ask another one.",
      { path: '^(?!adapters/kafka/)' },
      { path: 'node_modules/@platformatic/kafka' },
    ),
    rule(
      'nobody-imports-the-cli',
      'The command line is an end, not a library.',
      { path: '^(?!cli/|test/)' },
      { path: '^cli/' },
    ),
    rule(
      'no-test-in-production',
      'Tests are an end as well.',
      { path: '^(?!test/|jest[.])' },
      { path: '^test/' },
    ),
    rule(
      'table-stands-alone',
      'etl/table is Iceberg and nothing else: it could be a package of its own.',
      { path: '^etl/table/' },
      { path: '^etl/(contract|csv|engine|stages|refining|sealing|gold|query)/' },
    ),
    rule(
      'csv-knows-no-engine',
      'The scanner reads bytes; SQL begins behind it.',
      { path: '^etl/csv/' },
      { path: '^etl/(engine|stages|refining|sealing|gold|query|table)/' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // What `npm pack` made is a copy.
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js'] },
  },
};
