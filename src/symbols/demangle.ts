import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as glue from 'gecko-profiler-demangle/index_bg.js'
import { withMemoryLimit } from './wasm-memory-limit.js'

/** Longer names are left as they are. */
const MAX_NAME = 4096
/** 16 MiB. A name of 250 characters can stand for gigabytes: each substitution may double what it stands for. */
const MAX_PAGES = 256
/** A demangled name longer than this helps nobody. */
const MAX_RESULT = 1 << 16
/** After so many hostile names, which cost up to a quarter of a second each, long ones are no longer tried. */
const MAX_HOSTILE = 8
const LONG_NAME = 128

let module: WebAssembly.Module | undefined
let instance: WebAssembly.Instance | undefined
let hostileNames = 0

/** Demangled form of a C++ (Itanium) or Rust (legacy, v0) name, or the name itself. */
export function demangle(name: string): string {
  if (!isMangled(name) || name.length > MAX_NAME) return name
  if (hostileNames >= MAX_HOSTILE && name.length > LONG_NAME) return name
  instance ??= instantiate()
  try {
    const result = glue.demangle_any(name)
    // Of a name that it cannot read, the demangler takes an underscore off.
    if (result.length <= MAX_RESULT) return result === name.slice(1) ? name : result
  } catch (error) {
    // The demangler ran out of memory or stack: its instance is of no use afterwards.
    if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) throw error
    forget(instance)
    instance = undefined
  }
  hostileNames++
  return name
}

function isMangled(name: string): boolean {
  return name.startsWith('_Z') || name.startsWith('_R') || name.startsWith('__Z')
}

/** Instantiates the wasm under the package's glue code, which normally a bundler does. */
function instantiate(): WebAssembly.Instance {
  const path = createRequire(import.meta.url).resolve('gecko-profiler-demangle/index_bg.wasm')
  module ??= new WebAssembly.Module(withMemoryLimit(readFileSync(path), MAX_PAGES))
  const made = new WebAssembly.Instance(module, { './index_bg.js': { ...glue } })
  glue.__wbg_set_wasm(made.exports)
  const start = made.exports['__wbindgen_start']
  if (typeof start === 'function') start()
  return made
}

/** The glue code keeps a view of the memory until that is detached, which growing does, even by nothing. */
function forget(used: WebAssembly.Instance): void {
  const memory = used.exports['memory']
  if (memory instanceof WebAssembly.Memory) memory.grow(0)
}
