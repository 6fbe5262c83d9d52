/** The fields of JSON lines with one message, as CloudWatch Logs Insights finds them: `error.name` is of an object. */
export function fieldsOfLines(logs: string, message: string): ReadonlySet<string> {
  const fields = new Set(['@timestamp']);
  const add = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) fields.add(path);
    else for (const [key, inner] of Object.entries(value)) add(inner, path === '' ? key : `${path}.${key}`);
  };
  for (const line of logs.split('\n')) {
    if (!line.startsWith('{')) continue;
    const entry = JSON.parse(line) as { readonly message?: string };
    if (entry.message === message) add(entry, '');
  }
  return fields;
}
