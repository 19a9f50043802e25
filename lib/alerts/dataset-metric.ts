import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';

/** A metric that the functions publish for a dataset; Powertools adds the service to its dimensions. */
export function datasetMetric(metricName: string, dataset: string, options: MetricOptions): Metric {
  return new Metric({
    namespace: 'Assay',
    metricName,
    dimensionsMap: { service: 'assay', dataset },
    ...options,
  });
}

/** A metric that the functions publish for the whole platform. */
export function platformMetric(metricName: string, options: MetricOptions): Metric {
  return new Metric({ namespace: 'Assay', metricName, dimensionsMap: { service: 'assay' }, ...options });
}
