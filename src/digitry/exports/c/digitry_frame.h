/* A camera's grey frame -> the canonical digit that a digitry network reads. C99, without allocation.
 * Compile with -DDIGITRY_FRAME_PIXELS=… for larger or smaller frames. */
#ifndef DIGITRY_FRAME_H
#define DIGITRY_FRAME_H

#ifdef __cplusplus
extern "C" {
#endif

#ifndef DIGITRY_FRAME_PIXELS
#define DIGITRY_FRAME_PIXELS (160 * 120) /* the largest frame; takes two bytes of memory per pixel */
#endif

#define DIGITRY_SIDE 28 /* rows and columns of the canonical digit */

enum digitry_polarity { DIGITRY_AUTO, DIGITRY_DARK_INK, DIGITRY_LIGHT_INK };

/* Find the digit in a frame of wide * high grey levels, row by row, and convert it to 28x28 pixels as in MNIST: light
 * ink on black, its box fitted into 20x20, centred by its mass. Returns 1, or 0 if there is no stroke, the frame is
 * larger than DIGITRY_FRAME_PIXELS, or a side is shorter than 8. Not thread-safe. */
int digitry_find(const unsigned char *grey, int wide, int high, enum digitry_polarity polarity,
                 unsigned char image[DIGITRY_SIDE * DIGITRY_SIDE]);

/* Its first step: the ink of every pixel, from 0 for paper to 255. Returns 0 if nothing stands out of the paper. */
int digitry_ink(const unsigned char *grey, int wide, int high, enum digitry_polarity polarity, unsigned char *ink);

#ifdef __cplusplus
}
#endif

#endif
