import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkoutRoot } from '../programs/checkout.js'

/** Keeps a script's figures where the generator of docs/performance.md looks for them. */
export function writeResult(name: string, result: object): void {
  const folder = join(checkoutRoot, 'bench/results')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${name}.json`)
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`)
  process.stdout.write(`written: bench/results/${name}.json\n`)
}
