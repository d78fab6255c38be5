// uapi: asm/signal.h, asm-generic/siginfo.h, asm/ucontext.h, asm/sigcontext.h, asm/sigframe.h.
export const SA_SIGINFO = 0x4
export const SA_RESTORER = 0x0400_0000
export const SA_ONSTACK = 0x0800_0000
export const SA_RESTART = 0x1000_0000
export const SA_NODEFER = 0x4000_0000
/** Flags of the resident handlers, but for SA_RESTART, which is as the program's action has it. */
export const RESIDENT_FLAGS = SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_NODEFER

/** struct kernel_sigaction: handler, flags, restorer, mask, 8 bytes each. */
export const SIGACTION_SIZE = 32

export const SI_KERNEL = 0x80
export const SI_QUEUE = -1
export const TRAP_TRACE = 2

/** Offsets from a ucontext. */
export const UC = { stackBase: 16, stackSize: 32, rsp: 160, rip: 168, eflags: 176, fpstate: 224, mask: 296 } as const

/** struct rt_sigframe without its vector state: return address, ucontext, siginfo. */
export const FRAME_SIZE = 440
export const FRAME_INFO = 312
export const FRAME_UCONTEXT = 8

/**
 * The value of a queued SIGTRAP that stands for an int3 which a tracer has taken: it marks the trap so before it changes
 * registers. Should the tracer die then, the handler gets it, and the registers may be those behind the trap already.
 */
export const TAKEN = { low: 0x6972_2121, high: 0x0133_676e } as const
