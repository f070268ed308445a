/* The ink of every pixel of a grey frame, whatever the light on the paper.
 *
 * 1. paper: its brightness at every pixel, from a coarse grid; strokes are narrower than a few of its cells
 * 2. ink: the contrast of each pixel to its paper, from 0 to 255 */
#include "digitry_frame.h"

#define GRID 12           /* cells along the longer side */
#define LEAST_CONTRAST 12 /* in grey levels, as in digitry's images/ink.py, */
#define NOISE_FACTOR 5    /* and as a multiple of the paper's own spread */
#define ZERO 64           /* stands for no contrast */

static const unsigned char *frame; /* the one being read; its sides and the grid's likewise */
static int width, height, columns, rows, cell;
static float grid[GRID * GRID], other[GRID * GRID];

static int least(int a, int b) { return a < b ? a : b; }
static int most(int a, int b) { return a > b ? a : b; }

/* ---- paper ---- */

static int quantile(const unsigned count[256], long total, int from, int percent) {
    /* The level, at least `from`, up to which this percentage of a total lies. */
    long below = 0;
    int level;
    for (level = from; level < 255; level++) {
        below += (long)count[level];
        if (100 * below >= percent * total) break;
    }
    return level;
}

static void look_at_cell(int row, int column, unsigned count[256], long *total, long *sum) {
    int x, y;
    for (y = row * cell; y < least(height, (row + 1) * cell); y++)
        for (x = column * cell; x < least(width, (column + 1) * cell); x++) {
            count[frame[y * width + x]]++;
            *sum += frame[y * width + x];
            ++*total;
        }
}

static void spread(const float *from, float *to, int bright) {
    /* The brightest, or darkest, of each cell and its eight neighbours. */
    int row, column, y, x;
    for (row = 0; row < rows; row++)
        for (column = 0; column < columns; column++) {
            float best = from[row * columns + column];
            for (y = most(0, row - 1); y <= least(rows - 1, row + 1); y++)
                for (x = most(0, column - 1); x <= least(columns - 1, column + 1); x++) {
                    float value = from[y * columns + x];
                    if (bright ? value > best : value < best) best = value;
                }
            to[row * columns + column] = best;
        }
}

static float between_cells(int x, int y) {
    /* The grid at a pixel, interpolated between the centres of its cells. */
    float across = (x + 0.5f) / cell - 0.5f, down = (y + 0.5f) / cell - 0.5f;
    int left, top;
    across = across < 0 ? 0 : across > columns - 1 ? columns - 1 : across;
    down = down < 0 ? 0 : down > rows - 1 ? rows - 1 : down;
    left = least((int)across, most(0, columns - 2));
    top = least((int)down, most(0, rows - 2));
    across -= left;
    down -= top;
    {
        const float *a = grid + top * columns + left;
        int right = columns > 1, below = rows > 1 ? columns : 0;
        return (1 - down) * ((1 - across) * a[0] + across * a[right]) +
               down * ((1 - across) * a[below] + across * a[below + right]);
    }
}

static int is_dark_ink(void) {
    /* Ink is the minority: pixels far from the mean of their surroundings are on its side. */
    float skew = 0;
    int row, column, x, y;
    for (row = 0; row < rows; row++)
        for (column = 0; column < columns; column++) {
            unsigned count[256] = {0};
            long total = 0, sum = 0;
            look_at_cell(row, column, count, &total, &sum);
            other[row * columns + column] = (float)(sum / total);
        }
    for (row = 0; row < rows; row++)
        for (column = 0; column < columns; column++) {
            float sum = 0;
            int count = 0;
            for (y = most(0, row - 2); y <= least(rows - 1, row + 2); y++)
                for (x = most(0, column - 2); x <= least(columns - 1, column + 2); x++, count++) sum += other[y * columns + x];
            grid[row * columns + column] = sum / count;
        }
    for (y = 0; y < height; y++)
        for (x = 0; x < width; x++) {
            float away = frame[y * width + x] - between_cells(x, y);
            skew += away * away * away;
        }
    return skew <= 0;
}

static void find_paper(int dark) {
    int row, column;
    for (row = 0; row < rows; row++)
        for (column = 0; column < columns; column++) {
            unsigned count[256] = {0};
            long total = 0, sum = 0;
            look_at_cell(row, column, count, &total, &sum);
            grid[row * columns + column] = (float)quantile(count, total, 0, dark ? 80 : 20);
        }
    spread(grid, other, dark);  /* strokes go … */
    spread(other, grid, !dark); /* … and the edge of a shadow comes back to where it was */
}

/* ---- ink ---- */

static int find_ink(int dark, unsigned char *ink) {
    unsigned count[256] = {0};
    long pixels = (long)width * height, place, candidates = 0;
    int x, y, level, spread_of_paper, threshold, full, lowest, i;
    for (y = 0; y < height; y++)
        for (x = 0; x < width; x++) {
            float paper = between_cells(x, y), away = dark ? paper - frame[y * width + x] : frame[y * width + x] - paper;
            if (dark) away *= 255.0f / (paper > 50 ? paper : 50); /* ink absorbs a share of the light */
            i = (int)(away + ZERO + 0.5f);
            ink[y * width + x] = (unsigned char)(i < 0 ? 0 : i > 255 ? 255 : i);
            count[ink[y * width + x]]++;
        }
    level = quantile(count, pixels, 0, 30);
    spread_of_paper = (level - quantile(count, pixels, 0, 5)); /* about 1.12 sigma */
    threshold = level + most(NOISE_FACTOR * spread_of_paper * 100 / 112, LEAST_CONTRAST);
    if (threshold >= 255) return 0;
    for (i = threshold + 1; i < 256; i++) candidates += (long)count[i];
    if (!candidates) return 0;
    full = quantile(count, candidates, threshold + 1, 90) - level;
    lowest = least(2 * spread_of_paper * 100 / 112, full * 4 / 10);
    for (place = 0; place < pixels; place++) {
        i = (ink[place] - level - lowest) * 255 / most(1, full - lowest);
        ink[place] = (unsigned char)(i < 0 ? 0 : i > 255 ? 255 : i);
    }
    return 1;
}

int digitry_ink(const unsigned char *grey, int wide, int high, enum digitry_polarity polarity, unsigned char *ink) {
    int dark;
    frame = grey, width = wide, height = high;
    cell = most(2, (most(width, height) + GRID - 1) / GRID);
    columns = (width + cell - 1) / cell, rows = (height + cell - 1) / cell;
    dark = polarity == DIGITRY_AUTO ? is_dark_ink() : polarity == DIGITRY_DARK_INK;
    find_paper(dark);
    return find_ink(dark, ink);
}
