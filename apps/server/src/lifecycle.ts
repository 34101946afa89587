/** Whether the server wants requests. It goes one way: from serving to draining. */
export interface Lifecycle {
  isDraining(): boolean;
  /** From now on /ready says no, and connections are closed after their current request. */
  drain(): void;
}

export function createLifecycle(): Lifecycle {
  let draining = false;
  return {
    isDraining: () => draining,
    drain: () => {
      draining = true;
    },
  };
}
