import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as glue from 'gecko-profiler-demangle/index_bg.js'

/** Longer names are left as they are: what they demangle to can be exponentially longer still. */
const MAX_NAME = 4096

let loaded = false

/** Demangled form of a C++ (Itanium) or Rust (legacy, v0) name, or the name itself. */
export function demangle(name: string): string {
  if (!isMangled(name) || name.length > MAX_NAME) return name
  if (!loaded) load()
  try {
    return glue.demangle_any(name)
  } catch (error) {
    // A hostile name can overflow the demangler's stack or memory; its instance cannot be trusted afterwards.
    if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) throw error
    loaded = false
    return name
  }
}

function isMangled(name: string): boolean {
  return name.startsWith('_Z') || name.startsWith('_R') || name.startsWith('__Z')
}

/** Instantiates the wasm under the package's glue code, which normally a bundler does. */
function load(): void {
  const path = createRequire(import.meta.url).resolve('gecko-profiler-demangle/index_bg.wasm')
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), { './index_bg.js': { ...glue } })
  glue.__wbg_set_wasm(instance.exports)
  const start = instance.exports['__wbindgen_start']
  if (typeof start === 'function') start()
  loaded = true
}
