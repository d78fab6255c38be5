import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkoutRoot } from '../programs/checkout.js'

/** Offsets as the C library's headers have them: of struct user_regs_struct (`regs`) and ucontext_t (`context`). Needs gcc. */
export function kernelStructs(): ReadonlyMap<string, number> {
  const folder = mkdtempSync(join(tmpdir(), 'ring3-target-'))
  try {
    const program = join(folder, 'kernel-structs')
    const source = join(checkoutRoot, 'test/target/kernel-structs.c')
    const built = spawnSync('gcc', ['-o', program, source], { encoding: 'utf8' })
    assert.equal(built.status, 0, built.stderr)
    const { stdout } = spawnSync(program, [], { encoding: 'utf8' })
    const rows = stdout
      .trim()
      .split('\n')
      .map((row) => row.split(' '))
    return new Map(rows.map(([what = '', name = '', offset = '']) => [`${what} ${name}`, Number(offset)]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
