/** One thing that somebody did to the live database by hand, and the one difference that says so. */
export interface Change {
  readonly sql: string;
  readonly kind: 'missing' | 'unexpected' | 'changed';
  readonly type: string;
  readonly name: string;
  readonly property?: string;
}

export const missing = (sql: string, type: string, name: string): Change => ({
  sql,
  kind: 'missing',
  type,
  name,
});

export const unexpected = (sql: string, type: string, name: string): Change => ({
  sql,
  kind: 'unexpected',
  type,
  name,
});

export const changed = (sql: string, type: string, name: string, property: string): Change => ({
  sql,
  kind: 'changed',
  type,
  name,
  property,
});
