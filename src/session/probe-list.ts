/** Patterns as the probes of a script: `uprobe:libc:malloc, uprobe:libc:free`. */
export function probeList(kind: 'uprobe' | 'uretprobe', patterns: readonly string[]): string {
  return patterns.map((pattern) => `${kind}:${pattern.replace(/^\s*u(?:probe)?:/, '')}`).join(', ')
}
