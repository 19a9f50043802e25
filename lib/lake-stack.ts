import { Duration, SecretValue, Stack, type StackProps } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Contract } from '../etl/contract/contract.ts';
import { resourceName, secretName } from './config/names.ts';
import type { StageConfig } from './config/stage-config.ts';
import { Catalog } from './lake/catalog.ts';
import { LakeStorage } from './lake/lake-storage.ts';
import { Landing } from './lake/landing.ts';
import { Policies } from './lake/policies.ts';
import { sensitiveBuckets } from './lake/sensitive-buckets.ts';
import { Vault } from './lake/vault.ts';
import { acknowledge } from './security/acknowledge.ts';
import { AuditTrail } from './security/audit-trail.ts';

/** What the lake is made for. */
export interface LakeStackProps extends StackProps {
  readonly config: StageConfig;
  readonly contracts: readonly Contract[];
}

/** What holds data and must outlive every release: buckets, keys, the vault, databases, secrets, the audit trail. */
export class LakeStack extends Stack {
  /** Encrypts the buckets with personal or confidential values. */
  readonly key: Key;
  /** Keeps the keys of protected values. */
  readonly vault: Vault;

  constructor(scope: Construct, id: string, props: LakeStackProps) {
    super(scope, id, props);
    const { config, contracts } = props;
    this.key = new Key(this, 'Key', {
      description: `Assay ${config.stage}: personal and confidential data`,
      alias: `alias/${resourceName(config.stage, 'lake')}`,
      enableKeyRotation: true,
      rotationPeriod: Duration.days(365),
      removalPolicy: config.removalPolicy,
    });
    const sensitive = sensitiveBuckets(contracts);
    const storage = new LakeStorage(this, 'Storage', { config, key: this.key, sensitive });
    new Landing(this, 'Landing', { config, key: this.key });
    this.vault = new Vault(this, 'Vault', { config, contracts });
    new Policies(this, 'Policies', config);
    new AuditTrail(this, 'Audit', { config, storage });
    new Catalog(this, 'Catalog', { config });
    addDigestKey(this, config);
    if (config.hasSlack) addSlackWebhook(this, config);
    if (config.lineage !== undefined) addLineageKey(this, config);
  }
}

/** The key of the digests that stand for personal values. */
function addDigestKey(scope: Construct, config: StageConfig): void {
  const secret = new Secret(scope, 'DigestKey', {
    secretName: secretName(config.stage, 'digest-key'),
    description: 'Keys the digests that stand for personal values in reasons; a new one makes new digests',
    generateSecretString: { passwordLength: 64, excludePunctuation: true },
    removalPolicy: config.removalPolicy,
  });
  acknowledge(
    secret,
    'AwsSolutions-SMG4',
    'Digests must stay the same for as long as quarantine is kept, so that the same value can be recognised: the key is never rotated by itself.',
  );
}

/** A place for the address of a Slack webhook: it is put in by hand, so that it stands in no template. */
function addSlackWebhook(scope: Construct, config: StageConfig): void {
  const secret = new Secret(scope, 'SlackWebhook', {
    secretName: secretName(config.stage, 'slack-webhook'),
    description: 'Address of the Slack webhook that alerts are posted to',
    secretStringValue: SecretValue.unsafePlainText('not set'),
    removalPolicy: config.removalPolicy,
  });
  acknowledge(
    secret,
    'AwsSolutions-SMG4',
    'Slack gives out the address of a webhook and offers no way to change it by program: it is replaced by hand.',
  );
}

/** A place for the key of the lineage server: it is put in by hand, and nothing is sent with events until then. */
function addLineageKey(scope: Construct, config: StageConfig): void {
  const secret = new Secret(scope, 'OpenLineageKey', {
    secretName: secretName(config.stage, 'openlineage-key'),
    description: 'Key of the lineage server, sent as a bearer token',
    secretStringValue: SecretValue.unsafePlainText('not set'),
    removalPolicy: config.removalPolicy,
  });
  acknowledge(
    secret,
    'AwsSolutions-SMG4',
    'The key is the lineage server’s to give out: it is replaced by hand, and read anew within minutes.',
  );
}
