/* The same on a computer, to try frames of a camera: grey PGM files, one after the other, from standard input.
 *
 *     cc -O2 -std=c99 -Isrc -DDIGITRY_FRAME_PIXELS=1000000 src/digits.c src/digitry_frame.c src/digitry_ink.c examples/computer/computer.c -lm -o digits
 *     cat frame.pgm | ./digits
 */
#include <stdio.h>

#include "digitry_frame.h"
#include "digits.h"

static unsigned char frame[DIGITRY_FRAME_PIXELS];

int main(void) {
    static const char *const names[DIGITRY_CLASSES] = DIGITRY_NAMES;
    unsigned char image[DIGITRY_SIDE * DIGITRY_SIDE];
    float probabilities[DIGITRY_CLASSES];
    int wide, high, i, best;
    while (scanf("P5 %d %d %*d", &wide, &high) == 2) {
        if (wide < 1 || high < 1 || wide > DIGITRY_FRAME_PIXELS / high) return 1;
        getchar(); /* one whitespace character precedes the pixels */
        if (fread(frame, 1, (size_t)(wide * high), stdin) != (size_t)(wide * high)) return 1;
        if (!digitry_find(frame, wide, high, DIGITRY_AUTO, image)) {
            puts("no digit");
            continue;
        }
        digitry_read(image, probabilities);
        for (i = 1, best = 0; i < DIGITRY_CLASSES; i++)
            if (probabilities[i] > probabilities[best]) best = i;
        printf("%s %.1f%%\n", names[best], 100.0 * (double)probabilities[best]);
    }
    return 0;
}
