import { z } from 'zod';
import { ConfigError } from '../errors.ts';

const amount = z.number().min(0);

/** What AWS charges, in US dollars. */
export const Prices = z.strictObject({
  /** Where and when they hold. */
  region: z.string(),
  asOf: z.string(),
  /** S3 Standard, a GB and month. */
  s3StorageGbMonth: amount,
  /** 1,000 PUT, POST, COPY or LIST requests; 1,000 GET or HEAD requests. Removing is free. */
  s3WritesPer1000: amount,
  s3ReadsPer1000: amount,
  /** Lambda: a GB of memory and second on x86 and on arm64, a million calls, a GB of local disk past 512 MB and second. */
  lambdaGbSecond: amount,
  lambdaArmGbSecond: amount,
  lambdaCallsPerMillion: amount,
  lambdaDiskGbSecond: amount,
  /** Standard workflows, 1,000 transitions. */
  stepFunctionsPer1000: amount,
  eventBridgePerMillion: amount,
  snsPerMillion: amount,
  sqsPerMillion: amount,
  /** 100,000 data events, which every S3 request to the lake is. */
  cloudTrailPer100000: amount,
  athenaTb: amount,
});
export type Prices = z.infer<typeof Prices>;

/**
 * List prices without free tiers, volume tiers or contracts, from the pricing pages of the services
 * (aws.amazon.com/s3, /lambda, /step-functions, /eventbridge, /sns, /sqs, /cloudtrail, /athena, each with /pricing/).
 * EventBridge is counted as for custom events, though S3's own may be free.
 */
export const LIST_PRICES: Prices = {
  region: 'us-east-1',
  asOf: '2026-11-21',
  s3StorageGbMonth: 0.023,
  s3WritesPer1000: 0.005,
  s3ReadsPer1000: 0.0004,
  lambdaGbSecond: 0.0000166667,
  lambdaArmGbSecond: 0.0000133334,
  lambdaCallsPerMillion: 0.2,
  lambdaDiskGbSecond: 0.0000000309,
  stepFunctionsPer1000: 0.025,
  eventBridgePerMillion: 1,
  snsPerMillion: 0.5,
  sqsPerMillion: 0.4,
  cloudTrailPer100000: 0.1,
  athenaTb: 5,
};

/** The list prices with those of a JSON text instead; throws ConfigError `PRICES` where it says something else. */
export function readPrices(text: string): Prices {
  try {
    return Prices.parse({ ...LIST_PRICES, ...z.record(z.string(), z.unknown()).parse(JSON.parse(text)) });
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : 'it is no JSON';
    throw new ConfigError(
      'PRICES',
      `The prices can't be read: ${why}. Write {"athenaTb": 5, …} with any of ${Object.keys(LIST_PRICES).join(', ')}.`,
      { cause: error },
    );
  }
}
