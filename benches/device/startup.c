/* What runs before main on a Cortex-M4: the vector table, zeros in memory, the floating-point unit switched on where the code uses it. */
#include <stdint.h>

extern uint32_t bss_start[], bss_end[], stack_top[];
int main(void);
void reset(void);
void fault(void);

/* Semihosting: a breakpoint that QEMU answers. */
static int host(int operation, const void *argument)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void host_write(const char *text);
void host_write(const char *text)
{
    host(0x04, text);
}

static void host_exit(uint32_t code)
{
    const uint32_t argument[2] = {0x20026, code};
    host(0x20, argument);
    for (;;) {
    }
}

void fault(void)
{
    host_write("fault\n");
    host_exit(2);
}

void reset(void)
{
#ifdef __ARM_FP
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb");
#endif
    for (uint32_t *word = bss_start; word < bss_end; word++) {
        *word = 0;
    }
    host_exit((uint32_t)main());
}

/* The stack, reset, and 14 exceptions that must not happen. */
__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))stack_top, reset, fault, fault, fault, fault, fault, fault,
    fault, fault, fault, fault, fault, fault, fault, fault,
};
