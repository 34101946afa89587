/** How a process ended. Both are null when nobody could tell (a process that was not our child). */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** One phrase for people: `was killed by SIGKILL`, `exited with code 2`. */
export function describeExit({ code, signal }: Exit): string {
  if (signal !== null) return `was killed by ${signal}`;
  return code === null ? 'ended' : `exited with code ${code}`;
}
