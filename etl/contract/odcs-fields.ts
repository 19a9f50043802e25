/**
 * The field names of the Open Data Contract Standard v3.0 to v3.2, from its JSON schemas
 * (github.com/bitol-io/open-data-contract-standard, schema/odcs-json-schema-v3.*.json). A contract may use any
 * of them; Assay reads some. Another name is a problem, as it is in the standard's own schema.
 */

const ELEMENT = [
  'authoritativeDefinitions',
  'businessName',
  'customProperties',
  'deprecated',
  'description',
  'id',
  'name',
  'physicalName',
  'physicalType',
  'logicalType',
  'properties',
  'quality',
  'relationships',
  'synonyms',
  'tags',
] as const;

/** Fields of the contract itself. */
export const CONTRACT_FIELDS = [
  'apiVersion',
  'authoritativeDefinitions',
  'context',
  'contractCreatedTs',
  'customProperties',
  'dataProduct',
  'description',
  'domain',
  'id',
  'kind',
  'name',
  'price',
  'roles',
  'schema',
  'servers',
  'slaDefaultElement',
  'slaProperties',
  'status',
  'support',
  'tags',
  'team',
  'tenant',
  'version',
] as const;

/** Fields of a schema object: a table. */
export const OBJECT_FIELDS = [...ELEMENT, 'context', 'dataGranularityDescription'] as const;

/** Fields of a property: a column. */
export const PROPERTY_FIELDS = [
  ...ELEMENT,
  'classification',
  'criticalDataElement',
  'encryptedName',
  'enum',
  'examples',
  'items',
  'logicalTypeOptions',
  'partitionKeyPosition',
  'partitioned',
  'primaryKey',
  'primaryKeyPosition',
  'required',
  'semanticType',
  'transformDescription',
  'transformLogic',
  'transformSourceObjects',
  'unique',
] as const;

/** The comparisons that a library check may make. */
export const OPERATORS = [
  'mustBe',
  'mustBeBetween',
  'mustBeGreaterOrEqualTo',
  'mustBeGreaterThan',
  'mustBeLessOrEqualTo',
  'mustBeLessThan',
  'mustNotBe',
  'mustNotBeBetween',
] as const;

/** Fields of a quality check; `validValues` is how v3.0 wrote it. */
export const QUALITY_FIELDS = [
  ...OPERATORS,
  'arguments',
  'authoritativeDefinitions',
  'businessImpact',
  'customProperties',
  'description',
  'dimension',
  'engine',
  'id',
  'implementation',
  'method',
  'metric',
  'name',
  'query',
  'rule',
  'schedule',
  'scheduler',
  'severity',
  'tags',
  'type',
  'unit',
  'validValues',
] as const;

/** Fields of a custom property. */
export const CUSTOM_PROPERTY_FIELDS = ['id', 'property', 'value', 'description', 'vendor'] as const;
