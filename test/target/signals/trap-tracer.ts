import { createInterface } from 'node:readline'
import { address } from '../../../src/bytes/address.js'
import { openRealDoor } from '../../../src/kernel/real-door.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import { clean, findAreas } from '../../../src/target/clean.js'
import { TargetProcess } from '../../../src/target/target-process.js'
import { installIn } from './install-in.js'
import { PlantedTrap } from './planted-trap.js'

// A tracer of its own, to be killed: `trap-tracer PID SITE`. Says `armed` when the int3 is in; takes everything out again
// on a line from stdin, and says `hits N`.

const [pid = '', site = ''] = process.argv.slice(2)
const target = TargetProcess.open(openRealDoor(), Number(pid))
if (isRefusal(target)) throw new Error(target.because)
const left = clean(target, findAreas(target)).remaining
if (left.length > 0) throw new Error(left.join('; '))
const resident = await installIn(target.door, target)
if (isRefusal(resident)) throw new Error(resident.because)
const trap = PlantedTrap.plant(target, resident, address(BigInt(site)))
console.log('armed')
for await (const _ of createInterface({ input: process.stdin })) break
const { hits, remaining } = trap.remove()
const further = resident.remove().remaining
if (remaining.length + further.length > 0) throw new Error([...remaining, ...further].join('; '))
console.log(`hits ${hits}`)
process.exit(0)
