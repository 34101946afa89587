/** A log stream that keeps its lines. */
export interface LogCapture {
  readonly stream: { write(line: string): void };
  text(): string;
  lines(): Record<string, unknown>[];
}

export function captureLog(): LogCapture {
  const chunks: string[] = [];
  return {
    stream: { write: line => void chunks.push(line) },
    text: () => chunks.join(''),
    lines: () => chunks.map(line => JSON.parse(line) as Record<string, unknown>),
  };
}
