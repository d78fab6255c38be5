import assert from 'node:assert/strict'
import { test } from 'node:test'
import { address } from '../../src/bytes/address.js'
import { resumes } from '../../src/isa/instruction-class.js'
import { x64 } from '../../src/isa/x64/x64.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { singleSite } from './differential/single-site.js'
import { hexBytes, vectorText } from './vector-file.js'

const AT = address(0x200001000n)

/** A class as the vectors write it: the kind, and the resumes that serve. */
function classText(bytes: Uint8Array): string {
  const found = x64.classify(singleSite(bytes, AT), AT)
  if (isRefusal(found)) return found.code
  const served = resumes.filter((resume) => found.refused[resume] === undefined)
  const shared = found.emulationSharesMemory ? ' (shared memory)' : ''
  return `${found.kind}: ${served.join(', ')}${shared}`
}

for (const line of vectorText('classify.txt').split('\n')) {
  const [hex, asm, expected] = line.split(' | ')
  if (hex === undefined || asm === undefined || expected === undefined) continue
  test(`${asm} is ${expected}`, () => {
    const bytes = hexBytes(hex)
    const [text] = x64.disassemble(bytes, AT)
    assert.equal(text?.text, asm)
    assert.equal(classText(bytes), expected)
  })
}
