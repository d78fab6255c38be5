import type { StackMode } from '../ir/value-type.js'

/** A value of a program as outputs see it. */
export type DataValue =
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** A number that people see as text: pointers, members of enums. */
  | { readonly kind: 'symbolic'; readonly text: string; readonly value: bigint }
  | { readonly kind: 'array'; readonly elements: readonly DataValue[] }
  | { readonly kind: 'tuple'; readonly elements: readonly DataValue[] }
  | { readonly kind: 'record'; readonly fields: readonly (readonly [name: string, value: DataValue])[] }
  | { readonly kind: 'stack'; readonly mode: StackMode; readonly frames: readonly StackFrame[] }
  | { readonly kind: 'none' }

/** One address of a stack, and what is there. */
export interface StackFrame {
  readonly address: bigint
  readonly symbol: FrameSymbol | undefined
}

export interface FrameSymbol {
  /** Demangled. */
  readonly name: string
  /** Bytes from its beginning. */
  readonly offset: bigint
  /** Path of the file that it is in. */
  readonly module: string
}

/** What a map holds for a key. */
export type MapValue =
  | DataValue
  | { readonly kind: 'histogram'; readonly buckets: readonly Bucket[] }
  | { readonly kind: 'average'; readonly value: bigint }
  | { readonly kind: 'stats'; readonly count: bigint; readonly average: bigint; readonly total: bigint }
  | { readonly kind: 'series'; readonly intervalNs: bigint; readonly points: readonly SeriesPoint[] }

/** Values from `from` (included) to `to` (not included); a side without a bound is `undefined`. */
export interface Bucket {
  readonly from: BucketBound | undefined
  readonly to: BucketBound | undefined
  readonly count: bigint
  /** The bucket of a single number, which log2 histograms show by it. */
  readonly single: boolean
}

/** A bound and how people see it: 1048576 is `1M`. */
export interface BucketBound {
  readonly value: bigint
  readonly label: string
}

/** Nanoseconds since 1970, and the value if there was one. */
export interface SeriesPoint {
  readonly timeNs: bigint
  readonly value: bigint | undefined
}
