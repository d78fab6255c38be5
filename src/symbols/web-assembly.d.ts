/** What ring3 uses of WebAssembly; TypeScript declares it only for browsers. */
declare namespace WebAssembly {
  type Exports = Readonly<Record<string, unknown>>
  type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(module: Module, imports: Imports)
    readonly exports: Exports
  }
  class Memory {
    grow(pages: number): number
  }
  class RuntimeError extends Error {}
}
