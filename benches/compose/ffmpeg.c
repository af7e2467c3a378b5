/* ffmpeg's scale and xstack on libavfilter itself: no process to start, no pipe, no copy of a source; frames go in by
 * reference and the crop only moves pointers. One thread. FILTER: bicubic (scale's own default) or bilinear, or any other
 * of its flags. */
#include "rival.h"
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>

static AVFilterContext *source[TILES_MAX], *sink;
static AVBufferRef *buffer[TILES_MAX][FRAMES_MAX];
static AVFrame *picture;
static int64_t pts;

static void keep(void *opaque, uint8_t *data) {
    (void)opaque;
    (void)data;
}

static int append(char *text, size_t size, const char *part) {
    if (strlen(text) + strlen(part) + 1 > size) return -1;
    strcat(text, part);
    return 0;
}

/* [0]crop,scale[s0]; ... [s0][s1]...xstack */
static int describe(const struct job *job, char *text, size_t size) {
    char part[256];
    text[0] = 0;
    for (int i = 0; i < job->tiles; i++) {
        const struct tile *t = &job->tile[i];
        const int whole = t->crop_w == t->source_w && t->crop_h == t->source_h;
        char crop[96] = "";
        if (!whole)
            snprintf(crop, sizeof crop, "crop=%d:%d:%d:%d:exact=1,", t->crop_w, t->crop_h, t->crop_x, t->crop_y);
        snprintf(part, sizeof part, "[in%d]%sscale=%d:%d:flags=%s[s%d];", i, crop, t->w, t->h, job->filter, i);
        if (append(text, size, part) != 0) return -1;
    }
    for (int i = 0; i < job->tiles; i++) {
        snprintf(part, sizeof part, "[s%d]", i);
        if (append(text, size, part) != 0) return -1;
    }
    snprintf(part, sizeof part, "xstack=inputs=%d:%slayout=", job->tiles, /* 720x1280 has room beside the tiles */
             job->height > job->width ? "fill=black:" : "");
    if (append(text, size, part) != 0) return -1;
    for (int i = 0; i < job->tiles; i++) {
        snprintf(part, sizeof part, "%s%d_%d", i == 0 ? "" : "|", job->tile[i].x, job->tile[i].y);
        if (append(text, size, part) != 0) return -1;
    }
    return append(text, size, "[out]");
}

static AVFilterInOut *link_to(AVFilterContext *filter, const char *name, AVFilterInOut *next) {
    AVFilterInOut *link = avfilter_inout_alloc();
    if (link == NULL) return NULL;
    link->name = av_strdup(name);
    link->filter_ctx = filter;
    link->pad_idx = 0;
    link->next = next;
    return link;
}

const char *rival_open(const struct job *job) {
    static char version[64], text[16384];
    av_log_set_level(AV_LOG_ERROR);
    AVFilterGraph *graph = avfilter_graph_alloc();
    if (graph == NULL) return NULL;
    graph->nb_threads = 1;
    AVFilterInOut *outputs = NULL;
    for (int i = job->tiles - 1; i >= 0; i--) {
        char name[16], arguments[128];
        const struct tile *t = &job->tile[i];
        snprintf(name, sizeof name, "in%d", i);
        snprintf(arguments, sizeof arguments, "video_size=%dx%d:pix_fmt=%d:time_base=1/30:pixel_aspect=1/1", t->source_w,
                 t->source_h, AV_PIX_FMT_YUV420P);
        if (avfilter_graph_create_filter(&source[i], avfilter_get_by_name("buffer"), name, arguments, NULL, graph) < 0)
            return NULL;
        outputs = link_to(source[i], name, outputs);
        for (int n = 0; n < job->frames; n++) {
            buffer[i][n] = av_buffer_create(t->frame[n], i420_size(t->source_w, t->source_h), keep, NULL,
                                            AV_BUFFER_FLAG_READONLY);
            if (buffer[i][n] == NULL) return NULL;
        }
    }
    if (avfilter_graph_create_filter(&sink, avfilter_get_by_name("buffersink"), "out", NULL, NULL, graph) < 0)
        return NULL;
    AVFilterInOut *inputs = link_to(sink, "out", NULL);
    if (describe(job, text, sizeof text) != 0) return NULL;
    if (avfilter_graph_parse_ptr(graph, text, &inputs, &outputs, NULL) < 0) return NULL;
    if (avfilter_graph_config(graph, NULL) < 0) return NULL;
    picture = av_frame_alloc();
    if (picture == NULL) return NULL;
    snprintf(version, sizeof version, "ffmpeg %s", av_version_info());
    return version;
}

static int push(const struct job *job, int i, int turn) {
    const struct tile *t = &job->tile[i];
    uint8_t *data = t->frame[turn];
    AVFrame *frame = av_frame_alloc();
    if (frame == NULL) return -1;
    frame->format = AV_PIX_FMT_YUV420P;
    frame->width = t->source_w;
    frame->height = t->source_h;
    frame->sample_aspect_ratio = (AVRational){1, 1};
    frame->data[0] = data;
    frame->data[1] = plane_u(data, t->source_w, t->source_h);
    frame->data[2] = plane_v(data, t->source_w, t->source_h);
    frame->linesize[0] = t->source_w;
    frame->linesize[1] = frame->linesize[2] = t->source_w / 2;
    frame->buf[0] = av_buffer_ref(buffer[i][turn]);
    frame->pts = pts;
    /* Takes the reference over. */
    const int pushed = frame->buf[0] == NULL ? -1 : av_buffersrc_add_frame_flags(source[i], frame, 0);
    av_frame_free(&frame);
    return pushed < 0 ? -1 : 0;
}

int rival_compose(const struct job *job, int turn) {
    for (int i = 0; i < job->tiles; i++)
        if (push(job, i, turn) != 0) return -1;
    pts++;
    av_frame_unref(picture);
    return av_buffersink_get_frame(sink, picture) < 0 ? -1 : 0;
}

/* xstack makes its picture as large as its tiles reach; what lies beside them is black. */
int rival_save(const struct job *job, FILE *file) {
    for (int plane = 0; plane < 3; plane++) {
        const int by = plane == 0 ? 1 : 2, width = job->width / by, height = job->height / by;
        const int reach = picture->height / by;
        if (picture->width != job->width) return -1;
        if (save_plane(file, picture->data[plane], picture->linesize[plane], width, reach < height ? reach : height) != 0)
            return -1;
        for (int rest = width * (height - reach); rest > 0; rest--)
            if (fputc(plane == 0 ? 16 : 128, file) == EOF) return -1;
    }
    return 0;
}
