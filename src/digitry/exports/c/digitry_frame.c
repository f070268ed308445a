/* A camera's grey frame -> the canonical digit in it, as found by digitry's Python code, with less arithmetic.
 *
 * 1. ink: digitry_ink.c
 * 2. pieces: the most prominent one, with the strokes near it
 * 3. fit: crop, thicken strokes that would vanish, resize the box to 20 pixels, centre by mass */
#include "digitry_frame.h"

#include <string.h>

#define SIDE DIGITRY_SIDE
#define BOX 20
#define INK_LEVEL 90           /* least ink of a stroke pixel, as in digitry's images/segment.py, */
#define BOX_LEVEL 32           /* and of a pixel in the ink box, as in images/canonical.py */
#define FIRST 2                /* number of the first piece; 0 is paper, 1 is ink not yet assigned to a piece */
#define PIECES 120             /* most pieces; with FIRST they fit into a byte */
#define SPECK 4                /* pieces with fewer pixels are dropped at once */
#define THIN 1.5f              /* least width of strokes after fitting, in pixels */
#define LEAST_SMOOTHNESS 0.35f /* below this it is noise, as in images/stages.py */

typedef struct {
    int left, top, right, bottom; /* right and bottom are exclusive */
    long area;
} Piece;

static int width, height; /* of the frame being read */
static unsigned char ink[DIGITRY_FRAME_PIXELS];
static unsigned char label[DIGITRY_FRAME_PIXELS]; /* number of the piece; while strokes are thickened, their ink */
static Piece pieces[PIECES];

static int least(int a, int b) { return a < b ? a : b; }
static int most(int a, int b) { return a > b ? a : b; }

/* ---- pieces ---- */

static int reaches(int x, int y, unsigned char number) {
    int i, j;
    for (j = most(0, y - 1); j <= least(height - 1, y + 1); j++)
        for (i = most(0, x - 1); i <= least(width - 1, x + 1); i++)
            if (label[j * width + i] == number) return 1;
    return 0;
}

static Piece grown(int x, int y, unsigned char number) {
    /* Number all ink connected to a pixel: sweep its surroundings down and up until nothing is added. */
    Piece piece = {x, y, x + 1, y + 1, 1};
    int changed = 1, down = 1;
    label[y * width + x] = number;
    while (changed) {
        int left = most(0, piece.left - 1), right = least(width, piece.right + 1);
        int top = most(0, piece.top - 1), bottom = least(height, piece.bottom + 1), step, i, j;
        changed = 0;
        for (step = 0; step < bottom - top; step++) {
            j = down ? top + step : bottom - 1 - step;
            for (i = 0; i < 2 * (right - left); i++) {
                int at = i < right - left ? left + i : 2 * right - left - 1 - i;
                if (label[j * width + at] != 1 || !reaches(at, j, number)) continue;
                label[j * width + at] = number;
                piece.left = least(piece.left, at), piece.right = most(piece.right, at + 1);
                piece.top = least(piece.top, j), piece.bottom = most(piece.bottom, j + 1);
                piece.area++;
                changed = 1;
            }
        }
        down = !down;
    }
    return piece;
}

static void forget(Piece piece, unsigned char number) {
    int x, y;
    for (y = piece.top; y < piece.bottom; y++)
        for (x = piece.left; x < piece.right; x++)
            if (label[y * width + x] == number) label[y * width + x] = 0;
}

static int find_pieces(void) {
    int count = 0, x, y;
    long place;
    for (place = 0; place < (long)width * height; place++) label[place] = ink[place] >= INK_LEVEL;
    for (y = 0; y < height; y++)
        for (x = 0; x < width; x++) {
            if (label[y * width + x] != 1) continue;
            if (count == PIECES) return count;
            pieces[count] = grown(x, y, (unsigned char)(count + FIRST));
            if (pieces[count].area >= SPECK) count++;
            else
                forget(pieces[count], (unsigned char)(count + FIRST));
        }
    return count;
}

static int at_border(Piece p) {
    return p.left == 0 || p.top == 0 || p.right == width || p.bottom == height;
}

static int is_frame(Piece p) {
    /* At the border, and entirely in the outer part of the frame, or surrounding it. */
    int reach = least(p.right, width - p.left) < 15 * width / 100 || least(p.bottom, height - p.top) < 15 * height / 100;
    int around = p.right - p.left > 95 * width / 100 && p.bottom - p.top > 95 * height / 100;
    return at_border(p) && (around || reach);
}

static float prominence(Piece p) {
    float across = (p.left + p.right) / 2.0f / width - 0.5f, down = (p.top + p.bottom) / 2.0f / height - 0.5f, away, long_side;
    across = across < 0 ? -across : across;
    down = down < 0 ? -down : down;
    away = 1.2f - (across > down ? across : down);
    long_side = (float)most(p.right - p.left, p.bottom - p.top);
    return (float)p.area * long_side * long_side * away * away; /* the square of Python's value, which needs no root */
}

static int choose(int count, unsigned char chosen[PIECES], Piece *whole) {
    int i, main_piece = -1, inner = 0, again = 1;
    long inked = 0;
    for (i = 0; i < count; i++)
        if (!at_border(pieces[i]) && pieces[i].area >= 12 && 500 * pieces[i].area > (long)width * height) inner = 1;
    for (i = 0; i < count; i++) {
        chosen[i] = 0;
        if (inner && is_frame(pieces[i])) continue;
        inked += pieces[i].area;
        if (main_piece < 0 || prominence(pieces[i]) > prominence(pieces[main_piece])) main_piece = i;
    }
    if (main_piece < 0) return 0;
    chosen[main_piece] = 1;
    *whole = pieces[main_piece];
    while (again) {
        again = 0;
        for (i = 0; i < count; i++) {
            Piece p = pieces[i];
            float share = (float)p.area / (float)whole->area;
            float near = 0.3f * most(whole->right - whole->left, whole->bottom - whole->top) *
                         (0.25f + 3 * share < 1 ? 0.25f + 3 * share : 1);
            int across = most(0, most(p.left - whole->right, whole->left - p.right) + 1);
            int down = most(0, most(p.top - whole->bottom, whole->top - p.bottom) + 1);
            if (chosen[i] || (inner && is_frame(p)) || share < 0.015f) continue;
            if ((float)(across * across + down * down) > near * near) continue;
            chosen[i] = 1;
            again = 1;
            whole->left = least(whole->left, p.left), whole->right = most(whole->right, p.right);
            whole->top = least(whole->top, p.top), whole->bottom = most(whole->bottom, p.bottom);
            whole->area += p.area;
        }
    }
    return 4 * whole->area >= inked;
}

static void keep(const unsigned char chosen[PIECES], Piece *box) {
    /* Keep only the chosen pieces with their soft edges, then take the box of all ink. */
    int edge = most(1, most(box->right - box->left, box->bottom - box->top) / 40), x, y, i, j;
    int left = most(0, box->left - edge), right = least(width, box->right + edge);
    int top = most(0, box->top - edge), bottom = least(height, box->bottom + edge);
    Piece tight = {right, bottom, left, top, 0};
    for (y = top; y < bottom; y++)
        for (x = left; x < right; x++) {
            int near = 0;
            if (!ink[y * width + x]) continue;
            for (j = most(top, y - edge); !near && j <= least(bottom - 1, y + edge); j++)
                for (i = most(left, x - edge); !near && i <= least(right - 1, x + edge); i++)
                    near = label[j * width + i] >= FIRST && label[j * width + i] < FIRST + PIECES &&
                           chosen[label[j * width + i] - FIRST];
            if (!near) ink[y * width + x] = 0;
            else if (ink[y * width + x] >= BOX_LEVEL) {
                tight.left = least(tight.left, x), tight.right = most(tight.right, x + 1);
                tight.top = least(tight.top, y), tight.bottom = most(tight.bottom, y + 1);
            }
        }
    *box = tight;
}

/* ---- fit ---- */

static float stroke_width(Piece box) {
    /* Twice the ink divided by the length of its edge, in pixels. */
    long area = 0, edge = 0;
    int x, y;
    for (y = box.top; y < box.bottom; y++)
        for (x = box.left; x < box.right; x++) {
            if (ink[y * width + x] < 128) continue;
            area++;
            edge += x == box.left || ink[y * width + x - 1] < 128;
            edge += x == box.right - 1 || ink[y * width + x + 1] < 128;
            edge += y == box.top || ink[(y - 1) * width + x] < 128;
            edge += y == box.bottom - 1 || ink[(y + 1) * width + x] < 128;
        }
    return edge ? 2.6f * (float)area / (float)edge : 0; /* an edge measured along rows and columns is 1.27 times too long */
}

static void thicken(Piece *box, float margin) {
    /* Move every edge outwards by this many pixels: whole ones first, then the fraction. */
    while (margin > 0) {
        float share = margin < 1 ? margin : 1;
        int x, y;
        box->left = most(0, box->left - 1), box->right = least(width, box->right + 1);
        box->top = most(0, box->top - 1), box->bottom = least(height, box->bottom + 1);
        for (y = box->top; y < box->bottom; y++)
            for (x = box->left; x < box->right; x++) {
                const unsigned char *p = ink + y * width + x;
                int best = *p;
                if (x > 0) best = most(best, p[-1]);
                if (x < width - 1) best = most(best, p[1]);
                if (y > 0) best = most(best, p[-width]);
                if (y < height - 1) best = most(best, p[width]);
                label[y * width + x] = (unsigned char)(*p + share * (best - *p) + 0.5f);
            }
        for (y = box->top; y < box->bottom; y++)
            memcpy(ink + y * width + box->left, label + y * width + box->left, (size_t)(box->right - box->left));
        margin -= share;
    }
}

static float mean_of(Piece box, float left, float top, float right, float bottom, float gain) {
    /* Mean ink between these, sharpened around half ink. */
    float sum = 0, weight = 0;
    int x, y;
    for (y = (int)top; y < bottom && y < box.bottom; y++)
        for (x = (int)left; x < right && x < box.right; x++) {
            float across = (x + 1 < right ? x + 1 : right) - (x > left ? x : left);
            float down = (y + 1 < bottom ? y + 1 : bottom) - (y > top ? y : top);
            float value = gain * ink[y * width + x] + 127.5f * (1 - gain);
            sum += across * down * (value < 0 ? 0 : value > 255 ? 255 : value);
            weight += across * down;
        }
    return weight > 0 ? sum / weight : 0;
}

static void fit(Piece box, unsigned char image[SIDE * SIDE]) {
    int wide = box.right - box.left, high = box.bottom - box.top, long_side = most(wide, high), x, y, top, left;
    int to_wide = most(1, (int)((float)wide * BOX / long_side + 0.5f)), to_high = most(1, (int)((float)high * BOX / long_side + 0.5f));
    float gain = (float)long_side / BOX, mass = 0, along = 0, down = 0;
    static float fitted[BOX * BOX];
    gain = gain < 1 ? 1 : gain > 4 ? 4 : gain;
    for (y = 0; y < to_high; y++)
        for (x = 0; x < to_wide; x++) {
            float value = mean_of(box, box.left + (float)x * wide / to_wide, box.top + (float)y * high / to_high,
                                  box.left + (float)(x + 1) * wide / to_wide, box.top + (float)(y + 1) * high / to_high, gain);
            fitted[y * BOX + x] = value;
            mass += value, along += value * x, down += value * y;
        }
    mass = mass > 0 ? mass : 1;
    left = most(0, least(SIDE - to_wide, (int)(SIDE / 2 - along / mass + 0.5f)));
    top = most(0, least(SIDE - to_high, (int)(SIDE / 2 - down / mass + 0.5f)));
    memset(image, 0, SIDE * SIDE);
    for (y = 0; y < to_high; y++)
        for (x = 0; x < to_wide; x++) image[(top + y) * SIDE + left + x] = (unsigned char)(fitted[y * BOX + x] + 0.5f);
}

static int is_noise(const unsigned char image[SIDE * SIDE]) {
    /* The correlation of an image with itself shifted by a pixel: neighbours agree in a digit. */
    float mean = 0, energy = 0, alike = 0;
    int x, y, i;
    for (i = 0; i < SIDE * SIDE; i++) mean += image[i] / (float)(SIDE * SIDE);
    for (y = 0; y < SIDE; y++)
        for (x = 0; x < SIDE; x++) {
            const unsigned char *p = image + y * SIDE + x;
            float value = *p - mean;
            energy += value * value;
            if (x < SIDE - 1) alike += value * (p[1] - mean);
            if (y < SIDE - 1) alike += value * (p[SIDE] - mean);
        }
    return alike < 2 * LEAST_SMOOTHNESS * energy;
}

int digitry_find(const unsigned char *grey, int wide, int high, enum digitry_polarity polarity,
                 unsigned char image[SIDE * SIDE]) {
    static unsigned char chosen[PIECES];
    int count, long_side;
    float wanted;
    Piece box;
    if (wide < 8 || high < 8 || wide > DIGITRY_FRAME_PIXELS / high) return 0;
    width = wide, height = high;
    if (!digitry_ink(grey, wide, high, polarity, ink)) return 0;
    count = find_pieces();
    if (!choose(count, chosen, &box)) return 0;
    keep(chosen, &box);
    long_side = most(box.right - box.left, box.bottom - box.top);
    if (long_side < 5) return 0;
    wanted = THIN * long_side / BOX - stroke_width(box);
    if (wanted > 0) thicken(&box, wanted / 2);
    fit(box, image);
    return !is_noise(image);
}
