/**
 * Definitions with the object's own name taken out, so that a renamed object can be told from another one, and so that the name
 * is compared once. PostgreSQL writes them all in one form for an empty search path.
 */

const NAME = String.raw`(?:"(?:[^"]|"")+"|[\w$\u0080-\uffff]+)`;
const QUALIFIED = String.raw`${NAME}(?:\.${NAME})?`;

/** `CREATE UNIQUE INDEX ON app.people USING btree (…)`. */
export function indexBody(definition: string): string {
  return definition.replace(new RegExp(`^(CREATE (?:UNIQUE )?INDEX) ${NAME} (ON)`), '$1 $2');
}

/** `CREATE TRIGGER BEFORE UPDATE …`. */
export function triggerBody(definition: string): string {
  return definition.replace(new RegExp(`^(CREATE (?:CONSTRAINT )?TRIGGER) ${NAME} `), '$1 ');
}

/** `CREATE RULE AS ON INSERT …`. */
export function ruleBody(definition: string): string {
  return definition.replace(new RegExp(`^CREATE RULE ${NAME} AS`), 'CREATE RULE AS');
}

/** `CREATE STATISTICS (dependencies) ON a, b FROM app.people`. The columns come in the order of the table, which means nothing. */
export function statisticsBody(definition: string): string {
  return definition
    .replace(new RegExp(`^CREATE STATISTICS ${QUALIFIED} `), 'CREATE STATISTICS ')
    .replace(
      new RegExp(`ON (${NAME}(?:, ${NAME})*) FROM`),
      (_, columns) => `ON ${columns.match(new RegExp(NAME, 'g')).sort().join(', ')} FROM`,
    );
}

/** `(n integer) RETURNS integer …`: what follows the name. */
export function functionBody(definition: string): string {
  return definition.replace(
    new RegExp(`^(CREATE OR REPLACE (?:FUNCTION|PROCEDURE)) ${QUALIFIED}\\(`),
    '$1 (',
  );
}

/** Validity is a property of its own. */
export function constraintBody(definition: string): string {
  return definition.replace(/ NOT VALID$/, '').replace(/ NOT ENFORCED$/, '');
}
