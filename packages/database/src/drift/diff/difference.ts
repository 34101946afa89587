import type { ObjectType, PropertyValue } from '../objects/schema-object.ts';

/** One way in which the live catalog is not what is expected. */
export interface Difference {
  readonly kind: 'missing' | 'unexpected' | 'changed';
  readonly type: ObjectType;
  /** Qualified: `public.users.email` for a column. */
  readonly name: string;
  /** For `changed` what about it: `type`, `definition`, `owner`; `name` when it was renamed. */
  readonly property: string | null;
  /** Null where there is none. */
  readonly expected: PropertyValue;
  readonly live: PropertyValue;
  /** What follows from it and is not listed on its own: the columns and indexes of a missing table. */
  readonly consequences: readonly string[];
}

/** A difference before it is known what follows from what. */
export interface RawDifference {
  readonly kind: Difference['kind'];
  readonly key: string;
  readonly property: string | null;
  readonly expected: PropertyValue;
  readonly live: PropertyValue;
}

/** What a comparison found. */
export interface Drift {
  /** Sorted by type and name. */
  readonly differences: readonly Difference[];
  /** What differs and does not matter, such as the order of columns; and what could not be compared. */
  readonly notes: readonly string[];
  /** How many objects were compared. */
  readonly compared: number;
}
