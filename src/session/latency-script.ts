import { probeList } from './probe-list.js'

export interface LatencyOptions {
  /** Threads apart. */
  readonly by?: 'tid'
}

/** Functions, or threads of functions. */
const MAX_ROWS = 256
/** Buckets are a sixteenth of their values wide. */
const BUCKET_BITS = 4

/** The script that measures how long calls take. The name of a row is the probe, or the probe and the thread. */
export function latencyScript(patterns: readonly string[], { by }: LatencyOptions): string {
  const row = by === undefined ? 'probe' : 'probe, tid'
  return `
    let @ns = hash(${MAX_ROWS});
    let @stats = hash(${MAX_ROWS});
    let @min = hash(${MAX_ROWS});
    let @max = hash(${MAX_ROWS});
    ${probeList('uretprobe', patterns)} {
      $ns = nsecs - began;
      @ns[${row}] = hist($ns, ${BUCKET_BITS});
      @stats[${row}] = stats($ns);
      @min[${row}] = min($ns);
      @max[${row}] = max($ns);
    }`
}
