import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Address, offsetBy } from '../../src/bytes/address.js'
import type { Program } from '../../src/ir/program.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { compileScript } from '../../src/session/compile-script.js'
import { programLayout } from '../../src/store/program-layout.js'
import { Memory } from '../../src/target/memory.js'
import { readMaps } from '../../src/target/memory-map.js'
import { PageMap } from '../../src/target/page-map.js'
import { TargetData } from '../../src/trampolines/target-data.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'

const door = openRealDoor()
const program: Program = compileScript('uprobe:a:b { @ = count() }', {}).program

/** Zeros that nobody uses, where the program has them again after exec: the end of its data. */
function endOfData(pid: number): Address {
  const data = readMaps(door, pid).findLast(({ path, writable }) => path.endsWith('/leaver-nonpie') && writable)
  assert.ok(data !== undefined)
  return offsetBy(data.end, -64)
}

test('a program that has called exec is not written to, and what was kept is read', async (t) => {
  const built = await buildProgram('leaver-nonpie')
  if (built.kind === 'missing') return t.skip(built.because)
  await using target = await startTarget(built.path, ['--after', '5', '--exec', '1'])
  const at = endOfData(target.pid)
  using memory = new Memory(door, target.pid)
  const layout = programLayout(program, { slots: 4, ringBytes: 4096, stackTableBytes: 0, stackParts: 4 })
  const data = new TargetData(memory, at, layout, Uint8Array.of(9), PageMap.open(door, target.pid, target.pid))
  data.write(0, Uint8Array.of(1, 2, 3))
  assert.deepEqual([...memory.read(at, 4)], [1, 2, 3, 0])
  target.send('go')
  await target.stdout.next(/^ready/, 30_000)
  assert.equal(endOfData(target.pid), at)
  assert.deepEqual([...data.read(0, 4)], [9, 0, 0, 0])
  data.write(0, Uint8Array.of(7, 7, 7))
  using after = new Memory(door, target.pid)
  assert.deepEqual([...after.read(at, 4)], [0, 0, 0, 0])
  assert.ok(data.isGone)
  assert.deepEqual([...data.read(0, 4)], [7, 7, 7, 0])
  target.send('quit')
  assert.equal(await target.exited, 0)
})
