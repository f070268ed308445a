/* The smallest start of a Cortex-M4 under QEMU: read one frame, tell how many ticks of the clock it took, and end. */
#include "digitry_frame.h"
#include "digits.h"
#include "frame.h"

#define REGISTER(address) (*(volatile unsigned *)(address))

extern unsigned stack_top, data_from, data_start, data_end, bss_start, bss_end;

static unsigned host(unsigned operation, const void *argument) {
    /* Semihosting: QEMU does it. */
    register unsigned r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void say(const char *word, unsigned number) {
    char text[12], *at = text + sizeof text - 1;
    *at = 0;
    do *--at = (char)('0' + number % 10); while (number /= 10);
    host(4, word);
    host(4, at);
}

static unsigned ticks(void) { return 0xffffff - REGISTER(0xe000e018); }

static void run(void) {
    static unsigned char image[28 * 28];
    static float probabilities[DIGITRY_CLASSES];
    unsigned began = ticks(), found, read, best = 0, i;
    if (!digitry_find(frame, WIDE, HIGH, DIGITRY_AUTO, image)) return;
    found = ticks();
    digitry_read(image, probabilities);
    read = ticks();
    for (i = 1; i < DIGITRY_CLASSES; i++)
        if (probabilities[i] > probabilities[best]) best = i;
    say("class ", best);
    say(" frame ", (found - began) & 0xffffff);
    say(" network ", (read - found) & 0xffffff);
}

void start(void) {
    unsigned *to = &data_start, *from = &data_from;
    while (to < &data_end) *to++ = *from++;
    for (to = &bss_start; to < &bss_end;) *to++ = 0;
    REGISTER(0xe000ed88) |= 0xf << 20; /* the unit for floats */
    REGISTER(0xe000e014) = 0xffffff;   /* the clock counts down from there, */
    REGISTER(0xe000e018) = 0;
    REGISTER(0xe000e010) = 5;          /* at the processor's own pace */
    run();
    host(0x18, (void *)0x20026);       /* the end, without an error */
    for (;;) {}
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {&stack_top, (void *)start};
