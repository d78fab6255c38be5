import {
  Code,
  CodeExt,
  EncodingKind,
  Mnemonic,
  type OpCodeInfo,
  OpCodeOperandKind,
  OpCodeTableKind,
} from '../../../src/isa/x64/iced.js'

/** What iced's tables say about one encoding: enough to write its bytes. */
export interface InstructionForm {
  readonly code: Code
  readonly name: string
  readonly encoding: 'legacy' | 'vex' | 'evex' | 'xop'
  readonly mandatoryPrefix: number | undefined
  /** Opcode map: 0 one-byte, 1 0F, 2 0F38, 3 0F3A, 5, 6, 8 …; the number that VEX, EVEX and XOP carry. */
  readonly map: number
  readonly opcode: readonly number[]
  /** The opcode's low three bits are a register. */
  readonly registerInOpcode: boolean
  readonly regField: number | undefined
  readonly rmField: number | undefined
  readonly memory: 'always' | 'either' | 'never'
  readonly vectorIndex: boolean
  readonly operandSize: number
  readonly addressSize: number
  readonly w: number | undefined
  readonly l: number | undefined
  readonly usesVvvv: boolean
  readonly lockable: boolean
  readonly repeatable: boolean
  /** EVEX: broadcast, rounding, masks. */
  readonly masked: boolean
  readonly zeroing: boolean
  readonly b: boolean
}

/** Why a form is left out of the runs. */
export interface LeftOut {
  readonly name: string
  readonly because: string
}

const maps: ReadonlyMap<OpCodeTableKind, number> = new Map([
  [OpCodeTableKind.Normal, 0],
  [OpCodeTableKind.T0F, 1],
  [OpCodeTableKind.T0F38, 2],
  [OpCodeTableKind.T0F3A, 3],
  [OpCodeTableKind.MAP5, 5],
  [OpCodeTableKind.MAP6, 6],
  [OpCodeTableKind.MAP8, 8],
  [OpCodeTableKind.MAP9, 9],
  [OpCodeTableKind.MAP10, 10],
])

/** By MandatoryPrefix: none, NP, 66, F3, F2. */
const mandatoryBytes = [undefined, undefined, 0x66, 0xf3, 0xf2] as const

const encodings: ReadonlyMap<EncodingKind, InstructionForm['encoding']> = new Map([
  [EncodingKind.Legacy, 'legacy'],
  [EncodingKind.VEX, 'vex'],
  [EncodingKind.EVEX, 'evex'],
  [EncodingKind.XOP, 'xop'],
])

/** All encodings of 64-bit code, and those that are left out, with the reason. */
export function instructionForms(): { readonly forms: InstructionForm[]; readonly leftOut: LeftOut[] } {
  const forms: InstructionForm[] = []
  const leftOut: LeftOut[] = []
  for (const [name, code] of Object.entries(Code)) {
    if (typeof code !== 'number') continue
    const info = CodeExt.opCode(code)
    if (info.mode64 && info.isInstruction) {
      const because = reasonToLeaveOut(info)
      if (because === undefined) forms.push(formOf(name, info))
      else leftOut.push({ name, because })
    }
    info.free()
  }
  return { forms, leftOut }
}

function kindsOf(info: OpCodeInfo): OpCodeOperandKind[] {
  return Array.from({ length: info.opCount }, (_, index) => info.opKind(index))
}

function named(kinds: readonly OpCodeOperandKind[]): string[] {
  return kinds.map((kind) => OpCodeOperandKind[kind] ?? '')
}

function formOf(name: string, info: OpCodeInfo): InstructionForm {
  const kinds = named(kindsOf(info))
  const { opCode, opCodeLength } = info
  return {
    code: info.code,
    name,
    encoding: encodings.get(info.encoding) ?? 'legacy',
    mandatoryPrefix: mandatoryBytes[info.mandatoryPrefix],
    map: maps.get(info.table) ?? 0,
    opcode: opCodeLength === 2 ? [opCode >> 8, opCode & 0xff] : [opCode],
    registerInOpcode: kinds.some((kind) => kind.endsWith('_opcode')),
    regField: info.isGroup ? info.groupIndex : undefined,
    rmField: info.isRmGroup ? info.rmGroupIndex : undefined,
    memory: kinds.some((kind) => /^(mem|sibmem)/.test(kind))
      ? 'always'
      : kinds.some((kind) => kind.includes('_or_mem'))
        ? 'either'
        : 'never',
    vectorIndex: kinds.some((kind) => kind.startsWith('mem_vsib')),
    operandSize: info.operandSize,
    addressSize: info.addressSize,
    w: info.isWIG ? undefined : info.W,
    l: info.isLIG ? undefined : info.L,
    usesVvvv: kinds.some((kind) => /_vvvv/.test(kind)),
    lockable: info.canUseLockPrefix,
    repeatable: info.canUseRepPrefix || info.canUseRepnePrefix,
    masked: info.canUseOpMaskRegister,
    zeroing: info.canUseZeroingMasking,
    b: info.canBroadcast || info.canUseRoundingControl || info.canSuppressAllExceptions,
  }
}

/** What would change the runner itself, wait, or speak to a hypervisor; and what no processor of today has. */
const unsafe: ReadonlySet<Mnemonic> = new Set([
  ...[Mnemonic.Wrfsbase, Mnemonic.Wrgsbase, Mnemonic.Lfs, Mnemonic.Lgs, Mnemonic.Lss],
  ...[Mnemonic.Vmcall, Mnemonic.Vmmcall, Mnemonic.Vmgexit, Mnemonic.Vmfunc, Mnemonic.Tdcall, Mnemonic.Seamcall],
  ...[Mnemonic.Seamops, Mnemonic.Seamret, Mnemonic.Enclu, Mnemonic.Encls, Mnemonic.Enclv, Mnemonic.Getsec],
  ...[Mnemonic.Mwait, Mnemonic.Mwaitx, Mnemonic.Monitor, Mnemonic.Monitorx, Mnemonic.Umwait, Mnemonic.Tpause],
  ...[Mnemonic.Umonitor, Mnemonic.Skinit],
])

/** What gives another answer each time. */
const unsteady: ReadonlySet<Mnemonic> = new Set([
  ...[Mnemonic.Rdtsc, Mnemonic.Rdtscp, Mnemonic.Rdrand, Mnemonic.Rdseed, Mnemonic.Rdpru, Mnemonic.Rdpmc],
  ...[Mnemonic.Xgetbv, Mnemonic.Xsaveopt, Mnemonic.Xsaveopt64],
])

function reasonToLeaveOut(info: OpCodeInfo): string | undefined {
  if (!encodings.has(info.encoding)) return `${EncodingKind[info.encoding]}: no processor of today has it`
  if (info.decoderOption !== 0) return 'removed from processors long ago'
  if (unsafe.has(info.mnemonic)) return 'changes the runner itself, waits, or speaks to a hypervisor'
  if (unsteady.has(info.mnemonic)) return 'gives another answer each time'
  const kinds = named(kindsOf(info))
  if (info.op0Kind === OpCodeOperandKind.seg_reg || ['fs', 'gs', 'ss', 'ds', 'es'].includes(kinds[0] ?? '')) {
    if (info.mnemonic !== Mnemonic.Push) return 'changes the runner itself, waits, or speaks to a hypervisor'
  }
  return info.fwait ? 'two instructions' : undefined
}
