import { createRequire } from 'node:module'
import type * as Iced from 'iced-x86'

/**
 * The decoder. Asked for as what it is, a CommonJS module: to import it, Node would first read its 18,000 lines for names, which
 * takes longer than to run them.
 */
const iced: typeof Iced = createRequire(import.meta.url)('iced-x86')

export const Code = iced.Code
export type Code = Iced.Code
export const CodeExt = iced.CodeExt
export type CodeExt = Iced.CodeExt
export const ConditionCode = iced.ConditionCode
export type ConditionCode = Iced.ConditionCode
export type ConstantOffsets = Iced.ConstantOffsets
export const Decoder = iced.Decoder
export type Decoder = Iced.Decoder
export const DecoderOptions = iced.DecoderOptions
export type DecoderOptions = Iced.DecoderOptions
export const EncodingKind = iced.EncodingKind
export type EncodingKind = Iced.EncodingKind
export const FlowControl = iced.FlowControl
export type FlowControl = Iced.FlowControl
export const Formatter = iced.Formatter
export type Formatter = Iced.Formatter
export const FormatterSyntax = iced.FormatterSyntax
export type FormatterSyntax = Iced.FormatterSyntax
export const Instruction = iced.Instruction
export type Instruction = Iced.Instruction
export const InstructionInfoFactory = iced.InstructionInfoFactory
export type InstructionInfoFactory = Iced.InstructionInfoFactory
export const MemorySizeExt = iced.MemorySizeExt
export type MemorySizeExt = Iced.MemorySizeExt
export const Mnemonic = iced.Mnemonic
export type Mnemonic = Iced.Mnemonic
export const OpAccess = iced.OpAccess
export type OpAccess = Iced.OpAccess
export type OpCodeInfo = Iced.OpCodeInfo
export const OpCodeOperandKind = iced.OpCodeOperandKind
export type OpCodeOperandKind = Iced.OpCodeOperandKind
export const OpCodeTableKind = iced.OpCodeTableKind
export type OpCodeTableKind = Iced.OpCodeTableKind
export const OpKind = iced.OpKind
export type OpKind = Iced.OpKind
export const Register = iced.Register
export type Register = Iced.Register
export const RegisterExt = iced.RegisterExt
export type RegisterExt = Iced.RegisterExt
export const RflagsBits = iced.RflagsBits
export type RflagsBits = Iced.RflagsBits
export type UsedRegister = Iced.UsedRegister
