import { address, offsetBy } from '../../../bytes/address.js'
import { Code } from '../iced.js'
import type { EmulationCase } from './emulation-case.js'

/** leave: `mov rsp, rbp; pop rbp`. */
export const leave: EmulationCase = {
  name: 'leave',
  applies: ({ code }) => code === Code.Leaveq,
  emulate({ next }) {
    return {
      memory: 'stack',
      action(cpu) {
        const frame = address(cpu.get('rbp'))
        cpu.set('rbp', cpu.read(frame, 8))
        cpu.set('rsp', offsetBy(frame, 8))
        return next
      },
    }
  },
}
