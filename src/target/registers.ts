import { type Address, address } from '../bytes/address.js'
import { assert } from '../bytes/assert.js'

/** struct user_regs_struct (arch/x86/include/asm/user_64.h): 27 words in this order. */
const order = [
  'r15',
  'r14',
  'r13',
  'r12',
  'rbp',
  'rbx',
  'r11',
  'r10',
  'r9',
  'r8',
  'rax',
  'rcx',
  'rdx',
  'rsi',
  'rdi',
  'orig_rax',
  'rip',
  'cs',
  'eflags',
  'rsp',
  'ss',
  'fs_base',
  'gs_base',
  'ds',
  'es',
  'fs',
  'gs',
] as const

export type RegisterName = (typeof order)[number]

const offsets: ReadonlyMap<RegisterName, number> = new Map(order.map((name, index) => [name, index * 8]))

function offsetOf(name: RegisterName): number {
  const offset = offsets.get(name)
  assert(offset !== undefined, 'every register has a place')
  return offset
}

export function isRegisterName(name: string): name is RegisterName {
  return order.some((each) => each === name)
}

export const REGISTERS_SIZE = order.length * 8

/** The general registers of a stopped thread, as PTRACE_GETREGS gives them. */
export class Registers {
  /** Read many times a hit: several times faster than the methods of Buffer. */
  private readonly view: DataView

  constructor(readonly bytes: Buffer = Buffer.allocUnsafe(REGISTERS_SIZE)) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get(name: RegisterName): bigint {
    return this.view.getBigUint64(offsetOf(name), true)
  }

  set(name: RegisterName, value: bigint): void {
    this.view.setBigUint64(offsetOf(name), value, true)
  }

  signed(name: RegisterName): bigint {
    return BigInt.asIntN(64, this.get(name))
  }

  get rip(): Address {
    return address(this.get('rip'))
  }

  /** A copy by name. */
  all(): { [name in RegisterName]: bigint } {
    return {
      r15: this.get('r15'),
      r14: this.get('r14'),
      r13: this.get('r13'),
      r12: this.get('r12'),
      rbp: this.get('rbp'),
      rbx: this.get('rbx'),
      r11: this.get('r11'),
      r10: this.get('r10'),
      r9: this.get('r9'),
      r8: this.get('r8'),
      rax: this.get('rax'),
      rcx: this.get('rcx'),
      rdx: this.get('rdx'),
      rsi: this.get('rsi'),
      rdi: this.get('rdi'),
      orig_rax: this.get('orig_rax'),
      rip: this.get('rip'),
      cs: this.get('cs'),
      eflags: this.get('eflags'),
      rsp: this.get('rsp'),
      ss: this.get('ss'),
      fs_base: this.get('fs_base'),
      gs_base: this.get('gs_base'),
      ds: this.get('ds'),
      es: this.get('es'),
      fs: this.get('fs'),
      gs: this.get('gs'),
    }
  }

  copy(): Registers {
    return new Registers(Buffer.from(this.bytes))
  }
}
