/* Prints, as the C library's headers have it, where a register lies: `regs NAME OFFSET` and `context NAME OFFSET`. */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <sys/user.h>
#include <ucontext.h>

#define REGS(name) printf("regs %s %zu\n", #name, offsetof(struct user_regs_struct, name))
#define GREG(name, number) printf("context %s %zu\n", name, offsetof(ucontext_t, uc_mcontext.gregs) + 8 * (number))

int main(void) {
  REGS(r15), REGS(r14), REGS(r13), REGS(r12), REGS(rbp), REGS(rbx), REGS(r11), REGS(r10), REGS(r9), REGS(r8);
  REGS(rax), REGS(rcx), REGS(rdx), REGS(rsi), REGS(rdi), REGS(orig_rax), REGS(rip), REGS(cs), REGS(eflags);
  REGS(rsp), REGS(ss), REGS(fs_base), REGS(gs_base), REGS(ds), REGS(es), REGS(fs), REGS(gs);
  GREG("r8", REG_R8), GREG("r9", REG_R9), GREG("r10", REG_R10), GREG("r11", REG_R11), GREG("r12", REG_R12);
  GREG("r13", REG_R13), GREG("r14", REG_R14), GREG("r15", REG_R15), GREG("rdi", REG_RDI), GREG("rsi", REG_RSI);
  GREG("rbp", REG_RBP), GREG("rbx", REG_RBX), GREG("rdx", REG_RDX), GREG("rax", REG_RAX), GREG("rcx", REG_RCX);
  GREG("rsp", REG_RSP), GREG("rip", REG_RIP), GREG("eflags", REG_EFL);
  printf("context cs %zu\n", offsetof(ucontext_t, uc_mcontext.gregs) + 8 * REG_CSGSFS);
  printf("context fpstate %zu\n", offsetof(ucontext_t, uc_mcontext.fpregs));
  printf("context sigmask %zu\n", offsetof(ucontext_t, uc_sigmask));
  printf("size regs %zu\n", sizeof(struct user_regs_struct));
  return 0;
}
