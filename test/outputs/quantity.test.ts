import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock, duration, grouped, percent, quantity } from '../../src/outputs/text/quantity.js'

const facts: readonly [string, string][] = [
  [grouped(0), '0'],
  [grouped(999), '999'],
  [grouped(1000), '1,000'],
  [grouped(1_234_567n), '1,234,567'],
  [grouped(18_446_744_073_709_551_615n), '18,446,744,073,709,551,615'],
  [quantity(1, 'probe'), '1 probe'],
  [quantity(0, 'probe'), '0 probes'],
  [duration(0), '0 ns'],
  [duration(999), '999 ns'],
  [duration(1000), '1.00 µs'],
  [duration(48_123), '48.1 µs'],
  [duration(850_000), '850 µs'],
  [duration(999_600), '1.00 ms'],
  [duration(999_400_000), '999 ms'],
  [duration(1_250_000_000), '1.25 s'],
  [duration(3_600_000_000_000), '3600 s'],
  [clock(59_999), '0:59'],
  [clock(60_000), '1:00'],
  [clock(3_723_000), '1:02:03'],
  [percent(1), '100.0 %'],
]

for (const [actual, expected] of facts) test(`${expected}`, () => assert.equal(actual, expected))
