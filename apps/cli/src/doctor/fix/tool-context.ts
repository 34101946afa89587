import type { Configuration } from '../../env.ts';
import type { DoctorContext } from '../doctor-options.ts';

/** What the tools of a repair are made of. */
export interface ToolContext {
  readonly context: DoctorContext;
  readonly configuration: Configuration;
  /** Whether the database of the system is the embedded PostgreSQL of its state directory. */
  readonly embedded: boolean;
  readonly signal: AbortSignal;
}
