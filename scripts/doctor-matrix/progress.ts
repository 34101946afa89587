export interface Progress {
  say(line: string): void;
  /** Whether nothing new is begun any more. */
  isOver(): boolean;
}
