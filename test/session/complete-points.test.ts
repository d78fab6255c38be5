import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address, fileOffset, vaddr } from '../../src/bytes/address.js'
import type { Site } from '../../src/probe/site.js'
import { refuse } from '../../src/refusal/refusal.js'
import { withoutIncomplete } from '../../src/session/complete-points.js'
import type { PlacedHandler } from '../../src/session/program-sites.js'

function siteAt(at: number, key: string): Site {
  return { key, vaddr: vaddr(at), fileOffset: fileOffset(at), address: address(BigInt(at)) }
}

function sitesOf(at: ReadonlyMap<Site, readonly PlacedHandler[]>) {
  const placed = new Map([...at].map(([site, handlers]) => [site.address, handlers] as const))
  return {
    points: [],
    at: placed,
    resolved: { modules: [], refused: [] },
    watched: [],
    missing: [],
    calls: [],
    named: new Map(),
  }
}

const refusal = refuse('window-too-short', 'a test says so')
const entry = siteAt(0x1000, 'm:f')
const exit = siteAt(0x1020, 'm:f+32')
const other = siteAt(0x2000, 'm:g')

test('a probe that lacks one of its sites is left out of all', () => {
  const sites = sitesOf(
    new Map([
      [entry, [{ point: 0, handler: 0 }]],
      [exit, [{ point: 0, handler: 1 }]],
      [other, [{ point: 1, handler: 2 }]],
    ]),
  )
  const complete = withoutIncomplete(sites, [{ site: exit, refusal }])
  assert.deepEqual([...(complete?.at ?? [])], [[other.address, [{ point: 1, handler: 2 }]]])
  assert.deepEqual(complete?.resolved.refused, [{ site: exit, refusal }])
})

test('a site that is refused under one name is refused to whoever calls it by another', () => {
  const sites = sitesOf(
    new Map([
      [
        entry,
        [
          { point: 0, handler: 0 },
          { point: 1, handler: 1 },
        ],
      ],
    ]),
  )
  const complete = withoutIncomplete(sites, [{ site: { ...entry, key: 'm:alias' }, refusal }])
  assert.deepEqual([...(complete?.at ?? [])], [])
})

test('nothing is left out where nothing is refused', () => {
  assert.equal(withoutIncomplete(sitesOf(new Map()), []), undefined)
})
