import assert from 'node:assert/strict'
import { test } from 'node:test'
import { siteName } from '../../src/cli/site-name.js'

for (const [site, name] of [
  ['libc:malloc', 'libc:malloc'],
  ['app:_ZN2ns1fEi', 'app:ns::f(int)'],
  ['app:_ZN2ns1fEi+4', 'app:ns::f(int)+4'],
  ['app:_Zonk', 'app:_Zonk'],
  ['app:_ZN3std2io5stdio6_print17h0123456789abcdefE', 'app:std::io::stdio::_print'],
] as const) {
  test(`${site} is shown as ${name}`, () => assert.equal(siteName(site), name))
}
