/** Who acts, and through which request; every mutation takes one, so that nothing happens without an author. */
export interface Actor {
  readonly type: 'user' | 'system' | 'operator' | 'anonymous';
  /** The acting account; null for the system and for strangers. */
  readonly id: string | null;
  readonly sessionId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly address?: string | undefined;
}

/** Holdfast itself: first start, schedules, repairs. */
export const SYSTEM_ACTOR: Actor = { type: 'system', id: null };
