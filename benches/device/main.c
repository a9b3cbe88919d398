/* Runs a generated network on images, compares labels and, if they are there, results, and counts instructions and stack. */
#include <stdint.h>
#include HEADER

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#define INPUTS JOIN(UPPER, INPUTS)
#define OUTPUTS JOIN(UPPER, OUTPUTS)

#ifdef PIXELS
typedef uint8_t sample;
#define RUN JOIN(NAME, run_pixels)
#else
typedef float sample;
#define RUN JOIN(NAME, run)
#endif

extern const sample images[];
extern const uint8_t labels[], labels_end[];
extern const uint32_t results[];
extern uint32_t stack_bottom[];
void host_write(const char *text);

/* SysTick counts down in 24 bits. */
#define SYST_CSR (*(volatile uint32_t *)0xE000E010)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018)

static uint32_t ticks(void)
{
    return SYST_CVR;
}

static uint32_t since(uint32_t start)
{
    return (start - ticks()) & 0xFFFFFF;
}

static void number(const char *what, uint32_t v)
{
    char text[12], *digit = text + 11;
    *digit = 0;
    do {
        *--digit = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    host_write(what);
    host_write(" ");
    host_write(digit);
    host_write("\n");
}

#define PAINT 0xA5A5A5A5u
#define PAINTED 16384

__attribute__((section(".arena"))) static JOIN(NAME, arena) arena;
static uint32_t output[OUTPUTS];

/* Paints the stack below this frame, runs once, and says how many bytes of it were written. */
__attribute__((noinline)) static uint32_t stack(void)
{
    uint32_t *const top = (uint32_t *)__builtin_frame_address(0) - 64;
    uint32_t *word = top - PAINTED / 4;
    for (uint32_t *p = word; p < top; p++) {
        *(volatile uint32_t *)p = PAINT;
    }
    RUN(images, (void *)output, &arena);
    while (word < top && *(volatile uint32_t *)word == PAINT) {
        word++;
    }
    return (uint32_t)(top + 64 - word) * 4;
}

int main(void)
{
    const uint32_t count = (uint32_t)(labels_end - labels);
    uint32_t wrong = 0, different = 0, start, loop;
    uint64_t spent = 0;
    SYST_RVR = 0xFFFFFF;
    SYST_CVR = 0;
    SYST_CSR = 5;
    /* A loop of two instructions, so that a tick is known in instructions. */
    start = ticks();
    __asm__ volatile("movw r0, #0x4240\n\tmovt r0, #0xF\n1:\tsubs r0, #1\n\tbne 1b" ::: "r0", "cc");
    loop = since(start);
    for (uint32_t i = 0; i < count; i++) {
        start = ticks();
        RUN(images + i * INPUTS, (void *)output, &arena);
        spent += since(start);
        wrong += (uint8_t)JOIN(NAME, label)((void *)output) != labels[i];
#ifdef RESULTS
        for (uint32_t k = 0; k < OUTPUTS; k++) {
            different += output[k] != results[i * OUTPUTS + k];
        }
#endif
    }
    number("images", count);
    number("wrong labels", wrong);
#ifdef RESULTS
    number("wrong results", different);
#endif
    number("instructions an image", (uint32_t)(spent * 2000000 / loop / count));
    number("bytes of stack", stack());
    return wrong > 0 || different > 0;
}
