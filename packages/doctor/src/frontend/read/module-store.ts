import type { ModuleFacts } from './module-facts.ts';
import { readModule } from './read-module.ts';

export interface BrokenFile {
  readonly path: string;
  readonly message: string;
}

/** The modules of a tree, each parsed when it is first asked for. */
export class ModuleStore {
  readonly #texts: ReadonlyMap<string, string>;
  readonly #modules = new Map<string, ModuleFacts | undefined>();
  readonly #broken: BrokenFile[] = [];

  constructor(texts: ReadonlyMap<string, string>, unreadable: readonly BrokenFile[]) {
    this.#texts = texts;
    this.#broken.push(...unreadable);
  }

  /** Undefined when there is no such file or it cannot be parsed. */
  get(path: string): ModuleFacts | undefined {
    if (this.#modules.has(path)) return this.#modules.get(path);
    const text = this.#texts.get(path);
    const read = text === undefined ? undefined : readModule(path, text);
    if (read?.kind === 'broken') this.#broken.push({ path, message: read.message });
    const module = read?.kind === 'read' ? read.module : undefined;
    this.#modules.set(path, module);
    return module;
  }

  /** The files that could not be read or parsed so far, and why. */
  get broken(): readonly BrokenFile[] {
    return this.#broken.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }
}
