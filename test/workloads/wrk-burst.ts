import type { Activity } from './load.js'
import { runTool } from './run-tool.js'

function numberAfter(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0)
}

/** Two seconds of wrk against one URL. */
export function wrkBurst(url: string, connections: number): Activity {
  return async (tally) => {
    const run = await runTool('wrk', ['-t', '1', '-c', String(connections), '-d', '2s', '--timeout', '10s', url])
    const socketErrors = /Socket errors: (.*)/.exec(run.stdout)?.[1]
    const bad = numberAfter(run.stdout, /Non-2xx or 3xx responses: (\d+)/)
    if (run.code !== 0) tally.failed(`wrk ended with ${run.code}: ${run.stderr.slice(-200)}`)
    if (socketErrors !== undefined) tally.failed(`wrk socket errors: ${socketErrors}`)
    if (bad > 0) tally.failed(`wrk: ${bad} answers without status 2xx`, bad)
    tally.answered(numberAfter(run.stdout, /(\d+) requests in/))
  }
}
