import { basename } from 'node:path'
import { type LatencyBucket, type LatencyRecord, percentileNs } from '../record/latency-record.js'
import {
  type Data,
  Histogram,
  type HistogramBucket,
  KeyedMap,
  type MapEntryData,
  type MapsData,
  Stats,
} from './map-data.js'
import type { ScriptRun } from './script-run.js'
import type { Attached } from './session-types.js'

/** Probes that measure how long calls take. */
export class LatencyProbes implements AsyncDisposable {
  constructor(
    /** The script that measures: it tells of what goes wrong, and when the target has ended. */
    readonly run: ScriptRun,
  ) {}

  /** What became of the probes. */
  get attached(): Attached | undefined {
    return this.run.attached
  }

  /** The calls that have returned by now; those that took most of the time first. */
  async snapshot(): Promise<readonly LatencyRecord[]> {
    return latencyRecords(await this.run.readMaps())
  }

  /** Takes the probes out; resolves to all calls that have returned. */
  async remove(): Promise<readonly LatencyRecord[]> {
    await this.run.close()
    return latencyRecords(this.run.maps)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.run.close()
  }
}

/** What the maps of `latencyScript` say. */
export function latencyRecords({ ns, stats, min, max }: MapsData): LatencyRecord[] {
  const rows = ns instanceof KeyedMap ? [...ns] : []
  const valueIn = (map: MapsData[string], key: Data): MapEntryData | undefined =>
    map instanceof KeyedMap ? map.get(...(Array.isArray(key) ? key : [key])) : undefined
  return rows
    .flatMap(([key, histogram]) => {
      const sum = valueIn(stats, key)
      // A row may have begun between two readings.
      if (!(histogram instanceof Histogram && sum instanceof Stats)) return []
      const buckets = histogram.buckets.map(latencyBucket)
      const least = Number(valueIn(min, key) ?? 0)
      const most = Number(valueIn(max, key) ?? 0)
      const within = (value: number): number => Math.min(most, Math.max(least, value))
      return [
        {
          ...nameOf(key),
          calls: Number(sum.count),
          minNs: least,
          averageNs: Number(sum.average),
          p50Ns: within(percentileNs(buckets, 0.5)),
          p99Ns: within(percentileNs(buckets, 0.99)),
          maxNs: most,
          buckets,
        },
      ]
    })
    .sort((a, b) => b.calls * b.averageNs - a.calls * a.averageNs)
}

/** `uretprobe:/usr/lib/libc.so.6:malloc` is `libc.so.6:malloc`. */
function nameOf(key: Data): Pick<LatencyRecord, 'site' | 'tid'> {
  const [probe, tid] = Array.isArray(key) ? key : [key]
  const [, path = '', name = ''] = /^uretprobe:(.*?):(.*)$/.exec(String(probe)) ?? []
  return { site: `${basename(path)}:${name}`, tid: tid === undefined ? undefined : Number(tid) }
}

function latencyBucket({ from, to, count }: HistogramBucket): LatencyBucket {
  return { fromNs: Number(from ?? 0), toNs: Number(to ?? 0), calls: Number(count) }
}
