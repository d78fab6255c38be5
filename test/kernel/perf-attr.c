/* Reads a struct perf_event_attr from stdin and prints what the kernel's headers see in it: `NAME=N …`. */
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdio.h>

#define SHOW(name) printf(#name "=%llu ", (unsigned long long)attr.name)
#define SHOW_VALUE(name) printf(#name "=%llu ", (unsigned long long)name)

int main(void) {
  struct perf_event_attr attr = {0};
  fread(&attr, 1, sizeof attr, stdin);
  SHOW(type), SHOW(size), SHOW(config), SHOW(sample_period), SHOW(sample_type), SHOW(read_format);
  SHOW(disabled), SHOW(inherit), SHOW(exclude_user), SHOW(exclude_kernel), SHOW(exclude_hv), SHOW(freq);
  SHOW(use_clockid), SHOW(inherit_thread), SHOW(remove_on_exec), SHOW(sigtrap), SHOW(precise_ip);
  SHOW(bp_type), SHOW(bp_addr), SHOW(bp_len), SHOW(sample_regs_user), SHOW(sample_stack_user), SHOW(clockid);
  SHOW_VALUE(PERF_TYPE_BREAKPOINT), SHOW_VALUE(PERF_ATTR_SIZE_VER5);
  SHOW_VALUE(PERF_RECORD_LOST), SHOW_VALUE(PERF_RECORD_SAMPLE);
  SHOW_VALUE(PERF_EVENT_IOC_ID), SHOW_VALUE(PERF_EVENT_IOC_SET_OUTPUT);
  SHOW_VALUE(HW_BREAKPOINT_X), SHOW_VALUE(HW_BREAKPOINT_W), SHOW_VALUE(HW_BREAKPOINT_RW);
  printf("what a sample has=%llu", (unsigned long long)(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
                                                    PERF_SAMPLE_TIME | PERF_SAMPLE_REGS_USER));
  return 0;
}
