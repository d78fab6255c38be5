import { spawnSync } from 'node:child_process'

/** Why bpftrace cannot be asked here, or `undefined`. */
export function bpftraceMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'bpftrace needs root'
  return spawnSync('bpftrace', ['--version']).error === undefined ? undefined : 'bpftrace is not installed'
}

/** Ends what handlers print, so that what follows are the maps. */
export const endMark = '<end>'

/** A script with a mark at its end. */
export function marked(script: string): string {
  return `${script} END { printf("${endMark}\\n"); }`
}

/** What the installed bpftrace prints for a marked script, brought to the form of version 0.24. */
export function askBpftrace(script: string, format: 'text' | 'json'): string {
  const { stdout, stderr } = spawnSync('bpftrace', ['-f', format, '-e', marked(script)], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  if (!stdout.includes(endMark)) throw new Error(`bpftrace did not run ${script}:\n${stdout}${stderr}`)
  return format === 'text' ? modernText(stdout) : stdout.replace(/\n{2,}/g, '\n')
}

/**
 * Versions before 0.24 differ in white space: `Attaching`, a space behind the name of a histogram, and a blank line behind averages,
 * statistics and maps that are empty. A blank line may only stand behind a histogram's last row.
 */
export function modernText(stdout: string): string {
  const [before = '', maps = ''] = stdout.split(`${endMark}\n\n\n`)
  return `${modernLines(before.replace(/^Attaching (\d+) (probes?)\.\.\.$/m, 'Attached $1 $2'), /^@/)}${endMark}\n\n\n${modernLines(maps, /(?<!\|)$/)}`
}

/** Drops blank lines behind lines of one kind. */
function modernLines(text: string, behind: RegExp): string {
  const lines = text.replace(/^(@\S*(?:\[.*\])?:) $/gm, '$1').split('\n')
  const last = lines.pop() ?? ''
  const kept = lines.filter((line, at) => line !== '' || (at > 0 && !behind.test(lines[at - 1] ?? '')))
  return [...kept, last].join('\n')
}
