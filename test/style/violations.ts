import assert from 'node:assert/strict'

/** Fails with one line per violation. */
export function assertNone(violations: readonly string[]): void {
  assert.ok(
    violations.length === 0,
    `${violations.length} violations:\n${violations.map((line) => `  ${line}`).join('\n')}`,
  )
}
