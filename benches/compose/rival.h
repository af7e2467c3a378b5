/* What every rival of `costage bench compose` shares: the job it is given, the sources it draws, and how it is asked.
 *
 *   rival CANVAS FRAMES FILTER TILE...      CANVAS 1280x720; FRAMES pictures of each source, taken in turn;
 *                                           TILE 640x360:0,0,638,360:0,0,426,240 (source : part of it : place)
 *
 * It answers `ready VERSION`, then one line to each line of its input:
 *
 *   run N       composes N pictures           -> `ns T`, the CPU time of the whole process meanwhile, nanoseconds
 *   load FILE   takes the first picture of the first source from FILE, packed I420 -> `loaded`
 *   save FILE   composes one of first frames  -> `saved`, with the canvas in FILE as packed I420
 *
 * CPU time of the process and not time on the wall: the machine may be shared, and a rival that works with several
 * threads is measured as if one core did it all, without the time in which that core would have nothing to do.
 */
#ifndef RIVAL_H
#define RIVAL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TILES_MAX = 25, FRAMES_MAX = 64 };

struct tile {
    int source_w, source_h;                 /* the whole source */
    int crop_x, crop_y, crop_w, crop_h;     /* what is shown of it */
    int x, y, w, h;                         /* where on the canvas */
    uint8_t *frame[FRAMES_MAX];             /* packed I420, each on its own pages */
};

struct job {
    int width, height, tiles, frames;
    const char *filter;
    struct tile tile[TILES_MAX];
};

/* Of each rival. All but the first return 0 when they did it. */
const char *rival_open(const struct job *job); /* its version, or NULL */
int rival_compose(const struct job *job, int turn);
int rival_save(const struct job *job, FILE *file); /* what was composed last */

static inline size_t i420_size(int w, int h) { return (size_t)w * h * 3 / 2; }
static inline uint8_t *plane_u(uint8_t *frame, int w, int h) { return frame + (size_t)w * h; }
static inline uint8_t *plane_v(uint8_t *frame, int w, int h) { return frame + (size_t)w * h * 5 / 4; }

/* Rises and falls by steps of 1: as smooth in every place, so that all filters agree on it. */
static inline int slope(int at, int low, int high) {
    int span = high - low, place = at % (2 * span);
    return low + (place < span ? place : 2 * span - place);
}

/* The same pictures as `picture.rs` of the bench draws. */
static void draw_source(uint8_t *frame, int w, int h, int tile, int turn) {
    uint8_t *u = plane_u(frame, w, h), *v = plane_v(frame, w, h);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            frame[(size_t)y * w + x] = slope(x + 2 * y + 40 * tile + 11 * turn, 16, 235);
    for (int y = 0; y < h / 2; y++)
        for (int x = 0; x < w / 2; x++) {
            u[(size_t)y * (w / 2) + x] = slope(x + y + 20 * tile + 7 * turn, 16, 240);
            v[(size_t)y * (w / 2) + x] = slope(2 * x + y + 30 * tile + 5 * turn, 16, 240);
        }
}

static inline int save_plane(FILE *file, const uint8_t *plane, int stride, int w, int h) {
    for (int y = 0; y < h; y++)
        if (fwrite(plane + (size_t)y * stride, 1, w, file) != (size_t)w) return -1;
    return 0;
}

static int read_job(struct job *job, int argc, char **argv) {
    if (argc < 5 || argc - 4 > TILES_MAX) return -1;
    if (sscanf(argv[1], "%dx%d", &job->width, &job->height) != 2) return -1;
    job->frames = atoi(argv[2]);
    job->filter = argv[3];
    job->tiles = argc - 4;
    if (job->frames < 1 || job->frames > FRAMES_MAX) return -1;
    for (int i = 0; i < job->tiles; i++) {
        struct tile *tile = &job->tile[i];
        if (sscanf(argv[4 + i], "%dx%d:%d,%d,%d,%d:%d,%d,%d,%d", &tile->source_w, &tile->source_h, &tile->crop_x,
                   &tile->crop_y, &tile->crop_w, &tile->crop_h, &tile->x, &tile->y, &tile->w, &tile->h) != 10)
            return -1;
        for (int n = 0; n < job->frames; n++) {
            void *frame = NULL;
            if (posix_memalign(&frame, 4096, i420_size(tile->source_w, tile->source_h) + 64) != 0) return -1;
            tile->frame[n] = frame;
            draw_source(frame, tile->source_w, tile->source_h, i, n);
        }
    }
    return 0;
}

static int64_t cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argc, char **argv) {
    static struct job job;
    if (read_job(&job, argc, argv) != 0) {
        fprintf(stderr, "usage: rival WxH FRAMES FILTER SWxSH:X,Y,W,H:X,Y,W,H...\n");
        return 2;
    }
    const char *version = rival_open(&job);
    if (version == NULL) return 1;
    printf("ready %s\n", version);
    fflush(stdout);
    char line[4096];
    int turn = 0;
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "run ", 4) == 0) {
            int64_t before = cpu_ns();
            for (int n = atoi(line + 4); n > 0; n--, turn++)
                if (rival_compose(&job, turn % job.frames) != 0) return 1;
            printf("ns %lld\n", (long long)(cpu_ns() - before));
        } else if (strncmp(line, "load ", 5) == 0) {
            const struct tile *tile = &job.tile[0];
            size_t size = i420_size(tile->source_w, tile->source_h);
            FILE *file = fopen(line + 5, "rb");
            if (file == NULL || fread(tile->frame[0], 1, size, file) != size) return 1;
            fclose(file);
            printf("loaded\n");
        } else if (strncmp(line, "save ", 5) == 0) {
            FILE *file = fopen(line + 5, "wb");
            if (file == NULL || rival_compose(&job, 0) != 0 || rival_save(&job, file) != 0) return 1;
            if (fclose(file) != 0) return 1;
            printf("saved\n");
        } else {
            return 2;
        }
        fflush(stdout);
    }
    return 0;
}

#endif
