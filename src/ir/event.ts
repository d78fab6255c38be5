import type { IntegerType, ValueType } from './value-type.js'

/** What a handler tells the tracer: the values travel, all that is known beforehand is here. `types` are those of the values. */
export type Event =
  | { readonly kind: 'printf' | 'cat' | 'system'; readonly format: string; readonly types: readonly ValueType[] }
  | {
      readonly kind: 'errorf' | 'warnf'
      readonly format: string
      readonly types: readonly ValueType[]
      /** `file:line:columns` of the call. */
      readonly place: string
    }
  | { readonly kind: 'print-value'; readonly types: readonly ValueType[] }
  /** Integers without a sign for whoever began the program: so many of them that none is looked at on the way. */
  | { readonly kind: 'row'; readonly types: readonly IntegerType[] }
  /** `top` 0 stands for all entries, `div` 1 for values as they are. */
  | { readonly kind: 'print-map'; readonly map: number; readonly top: number; readonly div: bigint }
  | { readonly kind: 'clear' | 'zero'; readonly map: number }
  /** One value: the exit code. */
  | { readonly kind: 'exit' }
  | { readonly kind: 'time'; readonly format: string }
  | { readonly kind: 'join'; readonly separator: string }

/** bpftrace's bounds of join(): how many strings, and bytes of each. */
export const JOIN = { strings: 16, textBytes: 1024 } as const
