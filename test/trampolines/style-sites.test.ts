import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address, fileOffset, type Vaddr, vaddr } from '../../src/bytes/address.js'
import type { CodeFacts } from '../../src/isa/code-facts.js'
import type { Architecture, SiteAnalysis, WindowLength } from '../../src/isa/site-analysis.js'
import { x64 } from '../../src/isa/x64/x64.js'
import type { PatchStyle } from '../../src/probe/patch-style.js'
import type { ModuleSites } from '../../src/probe/site.js'
import { refuse } from '../../src/refusal/refusal.js'
import { styleSites } from '../../src/trampolines/style-sites.js'
import { trapStyle } from '../../src/trampolines/trap-style.js'

const BIAS = 0x10000

const jumpStyle: PatchStyle = {
  windowLength: () => 5,
  bySignal: false,
  encode: (arch, site, trampoline) => arch.encodeJump(site, trampoline, 5),
}

function moduleWith(...sites: readonly number[]): ModuleSites {
  const none = new Float64Array()
  const facts: CodeFacts = {
    text: [],
    data: [],
    functions: [],
    labels: none,
    framed: none,
    hasRedZone: true,
    preemptible: none,
    restartable: none,
  }
  const placed = sites.map((at) => ({
    key: `m:${at}`,
    vaddr: vaddr(at),
    fileOffset: fileOffset(at),
    address: address(at + BIAS),
  }))
  return { path: '/m', start: address(BIAS), end: address(2 * BIAS), facts, sites: placed }
}

/** Windows of 5 bytes are refused at some sites, those of one byte at others. */
function processor(noJump: readonly number[], nothing: readonly number[] = []): Architecture {
  const analyse = (site: Vaddr, windowLength: WindowLength) => {
    if (nothing.includes(site)) return refuse('not-probeable', `nothing at ${site}`)
    if (windowLength > 1 && noJump.includes(site)) return refuse('window-too-short', `no jump at ${site}`)
    return analysisOf(site, windowLength)
  }
  return {
    ...x64,
    analyseModule: (_facts, _sites, length) => ({ leadsTo: () => [0], analyse: (site) => analyse(site, length) }),
  }
}

function analysisOf(site: Vaddr, windowLength: WindowLength): SiteAnalysis {
  return {
    kind: 'site',
    lead: 0,
    site,
    windowLength,
    displaced: [],
    displacedLength: windowLength,
    padding: 0,
    fallsThrough: true,
    flagsDead: true,
    deadRegisters: [],
  }
}

/** `SITE style (what the styles before it were refused for)`. */
function chosen(styles: readonly PatchStyle[], arch: Architecture, ...sites: readonly number[]): string[] {
  return styleSites(moduleWith(...sites), true, { arch, styles, entry: address(0) }).map((each) => {
    if ('refusal' in each) return `${each.site.vaddr} ${each.refusal.code}`
    const before = each.passedOver.map(({ refusal }) => refusal.code)
    return `${each.site.vaddr} ${each.style === jumpStyle ? 'jump' : 'trap'} (${before.join()})`
  })
}

const both = [jumpStyle, trapStyle]

test('each site has the first style that it allows', () => {
  assert.deepEqual(chosen(both, processor([200]), 100, 200, 300), [
    '100 jump ()',
    '200 trap (window-too-short)',
    '300 jump ()',
  ])
})

test('who allows none is refused with what the first said', () => {
  assert.deepEqual(chosen(both, processor([], [100]), 100), ['100 not-probeable'])
  assert.deepEqual(chosen([jumpStyle], processor([100]), 100), ['100 window-too-short'])
})

test('a jump makes way for a probe inside of its window, where there is another style', () => {
  assert.deepEqual(chosen(both, processor([]), 104, 100), ['100 trap (window-overlap)', '104 jump ()'])
  assert.deepEqual(chosen([jumpStyle], processor([]), 100, 104), ['100 jump ()', '104 window-overlap'])
  assert.deepEqual(chosen(both, processor([]), 100, 105), ['100 jump ()', '105 jump ()'])
})

test('a site that can be done without has the first style, or none', () => {
  const { sites, ...module } = moduleWith(100, 200)
  const optional = { ...module, sites: sites.map((site) => ({ ...site, isOptional: true as const })) }
  const found = styleSites(optional, true, { arch: processor([200]), styles: both, entry: address(0) })
  assert.deepEqual(
    found.map((each) => ('refusal' in each ? each.refusal.code : each.style === jumpStyle)),
    [true, 'window-too-short'],
  )
})
