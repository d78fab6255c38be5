import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

function findRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'test/programs/program.h'))) return folder
    if (folder === dirname(folder)) throw new Error(`no checkout of ring3 above ${start}`)
  }
}

/** The root of the checkout, wherever the compiled tests lie below it. */
export const checkoutRoot = findRoot(import.meta.dirname)

/** Where tests and benchmarks keep what they build; ignored by git. */
export const cacheFolder = join(checkoutRoot, '.cache')
