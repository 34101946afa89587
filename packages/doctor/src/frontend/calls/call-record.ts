import type { Site } from '../read/module-facts.ts';
import type { ParamValue, Value } from '../values/value.ts';
import type { RawRequest } from './request-models.ts';
import type { UrlTemplate } from './url-template.ts';

/** One call of the API that was found, with what the checks need to look at it again. */
export interface CallRecord {
  /** Undefined when it is only known at run time. */
  readonly method: string | undefined;
  readonly template: UrlTemplate;
  readonly request: RawRequest;
  /** Where it stands: where its path is known. */
  readonly site: Site;
  /** Where the request itself is made; the same place unless a wrapper makes it. */
  readonly origin: Site;
  /** The names of the wrappers between the two, from the outside in. */
  readonly via: readonly string[];
}

/** Where a request is told, where it is made, and by way of what. */
export type CallPlace = Pick<CallRecord, 'site' | 'origin' | 'via'>;

/** A request that waits for the arguments of a function around it. */
export interface Floating {
  readonly request: RawRequest;
  readonly origin: Site;
  readonly site: Site;
  readonly via: readonly string[];
  /** What was recorded for it, when its own place shows enough. */
  readonly recorded: Provisional | undefined;
  consumed: boolean;
}

/** A record that callers may make more exact. */
export interface Provisional {
  record: CallRecord;
  /** As its own place shows it. */
  readonly first: UrlTemplate;
  /** The bases that callers have named. */
  readonly bases: Set<string>;
  /** Some caller names the segment that is open here, … */
  specialised: boolean;
  /** … and some caller does not. */
  generic: boolean;
}

/** A call of a function that is itself an argument. */
export interface Invocation {
  readonly callee: ParamValue;
  readonly args: readonly Value[];
  readonly at: CallPlace;
  consumed: boolean;
}
