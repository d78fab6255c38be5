import { probeList } from './probe-list.js'

export interface LatencyOptions {
  /** Threads apart. */
  readonly by?: 'tid'
}

/** Functions, or threads of functions. */
const MAX_ROWS = 256
const MAX_CALLS = 16_384
/** Buckets are a sixteenth of their values wide. */
const BUCKET_BITS = 4

/**
 * The script that measures how long calls take. Each call is known by where its return address is, so that recursive ones are told
 * apart. The name of a row is the probe, or the probe and the thread.
 */
export function latencyScript(patterns: readonly string[], { by }: LatencyOptions): string {
  const row = by === undefined ? 'probe' : 'probe, tid'
  return `
    let @began = hash(${MAX_CALLS});
    let @ns = hash(${MAX_ROWS});
    let @stats = hash(${MAX_ROWS});
    let @min = hash(${MAX_ROWS});
    let @max = hash(${MAX_ROWS});
    ${probeList('uprobe', patterns)} { @began[reg("sp")] = nsecs }
    ${probeList('uretprobe', patterns)} {
      $began = @began[reg("sp")];
      if ($began != 0) {
        delete(@began, reg("sp"));
        $ns = nsecs - $began;
        @ns[${row}] = hist($ns, ${BUCKET_BITS});
        @stats[${row}] = stats($ns);
        @min[${row}] = min($ns);
        @max[${row}] = max($ns);
      }
    }`
}
