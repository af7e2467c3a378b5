/* GStreamer's compositor between appsrc and appsink: buffers wrap the sources without a copy, a crop is a matter of strides
 * and offsets, all have the canvas's colours, so that none is converted. max-threads is 1; the threads of the pipeline
 * itself are counted, since a compositor made of it has them. FILTER: cubic (its own default) or linear. */
#include "rival.h"
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/video/video.h>

static GstElement *pipeline, *source[TILES_MAX], *sink;
static GstSample *picture;
static guint64 count;
/* 25 a second: a whole number of nanoseconds each. */
static const GstClockTime frame_time = 40 * GST_MSECOND;

static GstCaps *caps_of(int width, int height) {
    return gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "I420", "width", G_TYPE_INT, width, "height",
                               G_TYPE_INT, height, "framerate", GST_TYPE_FRACTION, 25, 1, "pixel-aspect-ratio",
                               GST_TYPE_FRACTION, 1, 1, "interlace-mode", G_TYPE_STRING, "progressive", "colorimetry",
                               G_TYPE_STRING, "bt601", "chroma-site", G_TYPE_STRING, "mpeg2", NULL);
}

static int add_tile(const struct job *job, int i, GstElement *compositor) {
    const struct tile *t = &job->tile[i];
    source[i] = gst_element_factory_make("appsrc", NULL);
    if (source[i] == NULL) return -1;
    GstCaps *caps = caps_of(t->crop_w, t->crop_h);
    g_object_set(source[i], "caps", caps, "format", GST_FORMAT_TIME, "max-bytes", (guint64)0, NULL);
    gst_caps_unref(caps);
    gst_bin_add(GST_BIN(pipeline), source[i]);
    GstPad *pad = gst_element_request_pad_simple(compositor, "sink_%u"), *from = gst_element_get_static_pad(source[i], "src");
    if (pad == NULL || from == NULL) return -1;
    g_object_set(pad, "xpos", t->x, "ypos", t->y, "width", t->w, "height", t->h, NULL);
    if (strcmp(job->filter, "linear") == 0) {
        GstStructure *config =
            gst_structure_new("GstVideoConverter", GST_VIDEO_CONVERTER_OPT_RESAMPLER_METHOD,
                              GST_TYPE_VIDEO_RESAMPLER_METHOD, GST_VIDEO_RESAMPLER_METHOD_LINEAR, NULL);
        g_object_set(pad, "converter-config", config, NULL);
        gst_structure_free(config);
    }
    const int linked = gst_pad_link(from, pad);
    gst_object_unref(from);
    gst_object_unref(pad);
    return linked == GST_PAD_LINK_OK ? 0 : -1;
}

const char *rival_open(const struct job *job) {
    gst_init(NULL, NULL);
    pipeline = gst_pipeline_new(NULL);
    GstElement *compositor = gst_element_factory_make("compositor", NULL);
    sink = gst_element_factory_make("appsink", NULL);
    if (pipeline == NULL || compositor == NULL || sink == NULL) return NULL;
    /* 1 is black; its default is a pattern, which costs more. */
    g_object_set(compositor, "background", 1, "max-threads", 1u, NULL);
    GstCaps *caps = caps_of(job->width, job->height);
    g_object_set(sink, "caps", caps, "sync", FALSE, "max-buffers", 1u, NULL);
    gst_caps_unref(caps);
    gst_bin_add_many(GST_BIN(pipeline), compositor, sink, NULL);
    if (!gst_element_link(compositor, sink)) return NULL;
    for (int i = 0; i < job->tiles; i++)
        if (add_tile(job, i, compositor) != 0) return NULL;
    if (gst_element_set_state(pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) return NULL;
    return gst_version_string();
}

static int push(const struct job *job, int i, int turn) {
    const struct tile *t = &job->tile[i];
    const gsize size = i420_size(t->source_w, t->source_h), luma = (gsize)t->source_w * t->source_h;
    const gsize chroma = (gsize)(t->crop_y / 2) * (t->source_w / 2) + t->crop_x / 2;
    GstBuffer *buffer = gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY, t->frame[turn], size, 0, size, NULL, NULL);
    gsize offset[GST_VIDEO_MAX_PLANES] = {(gsize)t->crop_y * t->source_w + t->crop_x, luma + chroma, luma * 5 / 4 + chroma};
    gint stride[GST_VIDEO_MAX_PLANES] = {t->source_w, t->source_w / 2, t->source_w / 2};
    gst_buffer_add_video_meta_full(buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_I420, t->crop_w, t->crop_h, 3,
                                   offset, stride);
    GST_BUFFER_PTS(buffer) = count * frame_time;
    GST_BUFFER_DURATION(buffer) = frame_time;
    return gst_app_src_push_buffer(GST_APP_SRC(source[i]), buffer) == GST_FLOW_OK ? 0 : -1;
}

int rival_compose(const struct job *job, int turn) {
    for (int i = 0; i < job->tiles; i++)
        if (push(job, i, turn) != 0) return -1;
    count++;
    if (picture != NULL) gst_sample_unref(picture);
    picture = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 10 * GST_SECOND);
    return picture == NULL ? -1 : 0;
}

int rival_save(const struct job *job, FILE *file) {
    GstVideoInfo info;
    GstVideoFrame frame;
    if (!gst_video_info_from_caps(&info, gst_sample_get_caps(picture))) return -1;
    if (!gst_video_frame_map(&frame, &info, gst_sample_get_buffer(picture), GST_MAP_READ)) return -1;
    int saved = 0;
    for (int plane = 0; plane < 3 && saved == 0; plane++) {
        const int by = plane == 0 ? 1 : 2;
        saved = save_plane(file, GST_VIDEO_FRAME_PLANE_DATA(&frame, plane), GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane),
                           job->width / by, job->height / by);
    }
    gst_video_frame_unmap(&frame);
    return saved;
}
