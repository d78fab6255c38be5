/**
 * How many functions of a binary the window proof serves: `node dist/bench/coverage.js FILE… [--list CODE] [--length 14]`.
 */
import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { hex } from '../src/bytes/address.js'
import { parseElf } from '../src/elf/parse-elf.js'
import type { CodeFacts } from '../src/isa/code-facts.js'
import type { SiteAnalysis, WindowLength } from '../src/isa/site-analysis.js'
import { x64 } from '../src/isa/x64/x64.js'
import { isRefusal, type Refusal } from '../src/refusal/refusal.js'
import { codeFacts } from '../src/symbols/code-facts.js'
import { loadModuleSymbols } from '../src/symbols/load-module-symbols.js'
import type { ModuleSymbols } from '../src/symbols/module-symbols.js'

interface Measured {
  readonly served: readonly SiteAnalysis[]
  readonly refused: readonly [name: string, refusal: Refusal][]
  readonly prepareMs: number
  readonly analyseMs: number
}

function measure(facts: CodeFacts, symbols: ModuleSymbols, windowLength: WindowLength): Measured {
  const sites = symbols.functions.map((each) => each.vaddr)
  const start = performance.now()
  const analysis = x64.analyseModule(facts, sites, windowLength)
  const prepared = performance.now()
  const results = sites.map((site) => analysis.analyse(site))
  const end = performance.now()
  const refused = results.flatMap((result, index): [string, Refusal][] => {
    return isRefusal(result) ? [[`${symbols.functions[index]?.name} ${hex(sites[index] ?? 0)}`, result]] : []
  })
  const served = results.filter((result) => !isRefusal(result))
  return { served, refused, prepareMs: prepared - start, analyseMs: end - prepared }
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(whole, 1)).toFixed(2)} %`
}

function print(path: string, { served, refused, prepareMs, analyseMs }: Measured): void {
  const all = served.length + refused.length
  const flagsDead = served.filter((site) => site.flagsDead).length
  const twoDead = served.filter((site) => site.deadRegisters.length >= 2).length
  const padded = served.filter((site) => site.padding > 0).length
  console.log(
    `${path}: ${all} functions, ${served.length} served (${percent(served.length, all)}), ${padded} with padding`,
  )
  console.log(
    `  flags dead ${percent(flagsDead, served.length)}, two registers dead ${percent(twoDead, served.length)}`,
  )
  console.log(`  prepared in ${prepareMs.toFixed(0)} ms, analysed in ${analyseMs.toFixed(0)} ms`)
  const codes = countCodes(refused)
  for (const [code, count] of codes) console.log(`  ${code}: ${count}`)
}

function countCodes(refused: Measured['refused']): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [, { code }] of refused) counts.set(code, (counts.get(code) ?? 0) + 1)
  return counts
}

async function coverage(path: string, windowLength: WindowLength, listed: string | undefined): Promise<void> {
  const image = parseElf(readFileSync(path))
  if (isRefusal(image)) throw new Error(image.because)
  const files = { read: (file: string) => (existsSync(file) ? readFileSync(file) : undefined) }
  const loaded = await loadModuleSymbols(image, { path, files })
  if (isRefusal(loaded)) throw new Error(loaded.because)
  const facts = codeFacts(image, loaded)
  if (isRefusal(facts)) throw new Error(facts.because)
  const measured = measure(facts, loaded.symbols, windowLength)
  print(path, measured)
  for (const [name, { code, because }] of measured.refused) {
    if (code === listed) console.log(`  ${name}: ${because}`)
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'string' }, length: { type: 'string', default: '5' } },
})
for (const path of positionals) await coverage(path, values.length === '14' ? 14 : 5, values.list)
