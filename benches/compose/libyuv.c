/* libyuv's I420Scale, tile by tile, straight from the source's planes into the canvas: as a compositor made of it would.
 * FILTER: box (what shrinks cleanly; libyuv itself takes bilinear below 2:1) or bilinear (faster, drops pixels above 2:1). */
#include "rival.h"
#include <libyuv.h>

static uint8_t *canvas;
static enum FilterMode mode;

const char *rival_open(const struct job *job) {
    static char version[32];
    void *memory = NULL;
    if (posix_memalign(&memory, 4096, i420_size(job->width, job->height)) != 0) return NULL;
    canvas = memory;
    memset(canvas, 128, i420_size(job->width, job->height));
    mode = strcmp(job->filter, "bilinear") == 0 ? kFilterBilinear : kFilterBox;
    snprintf(version, sizeof version, "libyuv %d", LIBYUV_VERSION);
    return version;
}

int rival_compose(const struct job *job, int turn) {
    const int stride = job->width, half = job->width / 2;
    uint8_t *u = plane_u(canvas, job->width, job->height), *v = plane_v(canvas, job->width, job->height);
    for (int i = 0; i < job->tiles; i++) {
        const struct tile *t = &job->tile[i];
        uint8_t *source = t->frame[turn];
        const size_t luma = (size_t)t->crop_y * t->source_w + t->crop_x;
        const size_t chroma = (size_t)(t->crop_y / 2) * (t->source_w / 2) + t->crop_x / 2;
        const size_t at = (size_t)(t->y / 2) * half + t->x / 2;
        if (I420Scale(source + luma, t->source_w, plane_u(source, t->source_w, t->source_h) + chroma, t->source_w / 2,
                      plane_v(source, t->source_w, t->source_h) + chroma, t->source_w / 2, t->crop_w, t->crop_h,
                      canvas + (size_t)t->y * stride + t->x, stride, u + at, half, v + at, half, t->w, t->h, mode) != 0)
            return -1;
    }
    return 0;
}

int rival_save(const struct job *job, FILE *file) {
    return save_plane(file, canvas, job->width, job->width, job->height * 3 / 2);
}
