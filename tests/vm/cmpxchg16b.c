// SPDX-License-Identifier: GPL-2.0-only
/*
 * Run in a guest: cmpxchg16b, if the processor has it, must leave the flags alone but for ZF. QEMU
 * before 8.0 emulates it so that the operand of an earlier instruction ends up in EFLAGS, NT and VM
 * included; an interrupt at that moment saves them, and IRET faults on them. See scripts/vm.
 */
#include <cpuid.h>
#include <stdint.h>
#include <stdio.h>

/* CF, PF, AF, ZF, SF, OF; bit 1, which is always set; IF. */
#define EXPECTED 0xad7ULL

int main(void)
{
	static _Alignas(16) uint64_t cell[2] = { 1, 2 };
	uint64_t operand = 1 << 14 | 1 << 17 | 1 << 21; /* where NT, VM and ID are */
	unsigned int a, b, c, d;
	uint64_t flags, sum = 5;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_CMPXCHG16B)) {
		puts("no cmpxchg16b");
		return 0;
	}
	/* popfq leaves the emulator's record of the flags in one form, the addition makes it
	 * another; the jump because it is brought up to date between blocks of code. */
	__asm__ volatile("pushfq\n\t"
			 "popfq\n\t"
			 "jmp 1f\n"
			 "1:\n\t"
			 "add %[operand], %[sum]\n\t"
			 "lock cmpxchg16b %[cell]\n\t"
			 "pushfq\n\t"
			 "popq %[flags]\n\t"
			 "pushq $0x202\n\t"
			 "popfq"
			 : [flags] "=&r"(flags), [sum] "+r"(sum), [cell] "+m"(cell)
			 : [operand] "r"(operand), "a"(1ULL), "d"(2ULL), "b"(3ULL), "c"(4ULL)
			 : "cc", "memory");
	printf("flags after cmpxchg16b: %#llx\n", (unsigned long long)flags);
	return (flags & ~EXPECTED) != 0;
}
