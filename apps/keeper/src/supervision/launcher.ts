/** How `holdfast` itself is started as a child process. */
export interface Launcher {
  readonly command: string;
  /** Arguments in front of the name of the command. */
  readonly args: readonly string[];
  /** The environment of the child, without the settings that the keeper chooses. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}
