import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { EIO } from '../../src/kernel/errno.js'
import { faultyDoor } from '../../src/kernel/faulty-door.js'
import { identify, readDirectory, readFile, readLink, readWhole, tryReadText } from '../../src/kernel/files.js'
import { KernelError } from '../../src/kernel/kernel-error.js'
import { openRealDoor } from '../../src/kernel/real-door.js'

const door = openRealDoor()
const folder = mkdtempSync(join(tmpdir(), 'ring3-kernel-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('a directory is listed whole, with more names than one call returns', () => {
  const many = join(folder, 'many')
  mkdirSync(many)
  for (let number = 0; number < 3000; number++) writeFileSync(join(many, `file number ${number} ünïcödé`), '')
  assert.deepEqual(readDirectory(door, many).sort(), readdirSync(many).sort())
})

test('an empty directory has no names', () => {
  const empty = join(folder, 'empty')
  mkdirSync(empty)
  assert.deepEqual(readDirectory(door, empty), [])
})

test('a file is read whole, whatever its size', () => {
  for (const size of [0, 1, 65535, 65536, 65537, 300_000]) {
    const path = join(folder, `size-${size}`)
    const content = Buffer.from(Array.from({ length: size }, (_, at) => at % 251))
    writeFileSync(path, content)
    assert.ok(readWhole(door, path).equals(content), `${size} bytes`)
    assert.deepEqual(Buffer.from(readFile(door, path, size)), content)
  }
})

test('a file that has become shorter is read as far as it goes', () => {
  const path = join(folder, 'short')
  writeFileSync(path, 'four')
  assert.equal(Buffer.from(readFile(door, path, 4096)).toString(), 'four')
})

test('identity and size are those of stat', () => {
  const path = join(folder, 'identified')
  writeFileSync(path, 'x'.repeat(12345))
  const { dev, ino } = statSync(path, { bigint: true })
  assert.deepEqual(identify(door, path), { device: dev, inode: ino, size: 12345 })
  assert.equal(identify(door, join(folder, 'none')), undefined)
})

test('a symbolic link is read, and what is none has no target', () => {
  const path = join(folder, 'link')
  symlinkSync('/somewhere/ünïcödé', path)
  assert.equal(readLink(door, path), readlinkSync(path))
  assert.equal(readLink(door, folder), undefined)
})

test('no text where there is no file, and an error where there is one that cannot be read', () => {
  assert.equal(tryReadText(door, join(folder, 'none')), undefined)
  assert.equal(tryReadText(door, join(folder, 'many', 'file number 1 ünïcödé', 'below')), undefined)
  assert.throws(() => tryReadText(faultyDoor(door, 2, EIO), '/proc/self/status'), KernelError)
})

test('no file stays open, whichever call fails', () => {
  const open = () => readdirSync('/proc/self/fd').length
  const before = open()
  for (let n = 2; n < 5; n++) {
    const faulty = faultyDoor(door, n, EIO)
    try {
      readWhole(faulty, '/proc/self/status')
    } catch (error) {
      assert.ok(error instanceof KernelError)
    }
    // A close that the door has failed has not reached the kernel.
    if (faulty.failed?.name === 'close') break
    assert.equal(open(), before, `call ${n}`)
  }
})
