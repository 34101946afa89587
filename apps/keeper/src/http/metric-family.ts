export type Labels = Readonly<Record<string, string>>;

/** One metric with its values, in the text format of Prometheus (exposition format 0.0.4); empty without values. */
export function family(
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  values: readonly (readonly [Labels, number])[],
): string {
  if (values.length === 0) return '';
  const lines = values.map(([labels, value]) => {
    const text = Object.entries(labels).map(([label, content]) => `${label}="${escapeLabel(content)}"`);
    return `${name}${text.length === 0 ? '' : `{${text.join(',')}}`} ${value}`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
